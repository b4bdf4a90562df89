"""Numbers as people read them: no digit lost, no sign mistaken, the same power of ten for a value and its error."""

from __future__ import annotations

import math
import re

import pytest

from szilard.numbers import apart, number, percent, raised, with_error

PLAIN = str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789")


def read(text: str) -> float:
    """The number that is written."""
    return float(re.sub(r"(^|−|·)10(?=[⁻⁰¹²³⁴⁵⁶⁷⁸⁹])", _power, text).translate(PLAIN).replace(",", ""))


def _power(found: re.Match[str]) -> str:
    return "e" if found[1] == "·" else f"{found[1]}1e"


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("digits", [2, 3, 4, 6])
@pytest.mark.parametrize("value", [1.2345e-9, 0.00012345, 0.0123456, 0.5, 3.14159, 99.996, 1234.56, 99999.9, 7.25e8])
def test_a_number_is_right_to_its_digits(value: float, digits: int, sign: int) -> None:
    text = number(sign * value, digits)
    assert "-" not in text
    assert read(text) == pytest.approx(sign * float(f"{value:.{digits - 1}e}"), rel=1e-12)


def test_whole_numbers_are_whole_and_what_is_no_number_says_so() -> None:
    assert [number(value) for value in (0.0, -0.0, 7.0, 1234.0, -9999.0)] == ["0", "0", "7", "1,234", "−9,999"]
    assert [number(value) for value in (math.nan, math.inf, -math.inf)] == ["undefined", "∞", "−∞"]
    assert (number(1e6), number(-1e-9), number(1e-5)) == ("10⁶", "−10⁻⁹", "10⁻⁵")


@pytest.mark.parametrize("value", [0.0, 1.5, -1.5, 123456.0, -3e-8, 2.5e9])
@pytest.mark.parametrize("error", [3e-10, 0.00123, 0.0999, 4.56, 78901.0, 2e8])
def test_a_value_stands_to_the_place_of_its_error(value: float, error: float) -> None:
    amount, spread = apart(value, error)
    assert read(spread) == pytest.approx(error, rel=0.05)
    assert abs(read(amount) - value) <= 0.06 * error
    together = with_error(value, error)
    assert "-" not in together and together.count("±") == 1 and together.count("·10") <= 1


def test_a_value_near_one_needs_no_power_of_ten_however_small_its_error() -> None:
    assert with_error(1.5, 3e-10) == "1.50000000000 ± 0.00000000030"
    assert with_error(0.9999923, 9.1e-6) == "0.9999923 ± 0.0000091"
    assert apart(150.0, 1e-7) == ("150.00000000", "0.00000010")


def test_an_exact_value_has_no_error_and_a_zero_no_sign() -> None:
    assert with_error(-2.0, 0.0) == "−2 ± 0"
    assert with_error(-0.0001, 0.01) == "0.000 ± 0.010"
    assert with_error(math.nan, 1.0) == "undefined ± 1"


def test_shares_and_exponents() -> None:
    assert (percent(0.054), percent(-0.5), percent(-0.0001), percent(0.1234, 1)) == ("5 %", "−50 %", "0 %", "12.3 %")
    assert raised(-0.944) == "⁻⁰·⁹⁴"
