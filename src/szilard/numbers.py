"""How numbers are written for people, in sentences, tables and audits, on the terminal and on pages alike.

Minus signs are true ones, powers of ten are raised, thousands have commas. Records and JSON hold numbers as they are.
"""

from __future__ import annotations

import math

RAISED = str.maketrans("-.0123456789", "⁻·⁰¹²³⁴⁵⁶⁷⁸⁹")
MOST, LEAST = 6, -4
"""Powers of ten from which, and below which, a number is written with one."""


def number(value: float, digits: int = 2) -> str:
    """A number to so many significant digits, as short as it gets; whole ones below 10,000 whole.

    Example:
        >>> number(0.05), number(-1234.0), number(12345.6, 3), number(-1.234e-7, 3)
        ('0.05', '−1,234', '12,300', '−1.23·10⁻⁷')
    """
    value = float(value)
    if math.isnan(value):
        return "undefined"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == round(value) and abs(value) < 1e4:
        return _fixed(value, 0)
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    power = int(exponent)
    if LEAST <= power < MOST:
        return _short(_fixed(value, digits - 1 - power))
    factor = _short(_fixed(float(mantissa), digits - 1))
    return f"{factor.replace('1', '', 1)}{ten_to(power)}" if abs(float(mantissa)) == 1 else f"{factor}·{ten_to(power)}"


def with_error(value: float, error: float) -> str:
    """``value ± error`` with the error to two significant digits and the value to the same place.

    Example:
        >>> with_error(12.34567, 0.0123), with_error(1.5, 0.0)
        ('12.346 ± 0.012', '1.5 ± 0')
        >>> with_error(-1.234e-7, 1.2e-8)
        '(−1.23 ± 0.12)·10⁻⁷'
    """
    amount, spread, power = _parts(value, error)
    return f"({amount} ± {spread})·{power}" if power else f"{amount} ± {spread}"


def apart(value: float, error: float) -> tuple[str, str]:
    """The same in two texts, each with the power of ten.

    Example:
        >>> apart(-1.234e-7, 1.2e-8)
        ('−1.23·10⁻⁷', '0.12·10⁻⁷')
    """
    amount, spread, power = _parts(value, error)
    return (f"{amount}·{power}", f"{spread}·{power}") if power else (amount, spread)


def _parts(value: float, error: float) -> tuple[str, str, str]:
    """Value, error, and the power of ten that both are to be multiplied by; empty for none."""
    if not math.isfinite(error) or not math.isfinite(value):
        return number(value, 4), number(error), ""
    if error == 0:
        return number(value, 6), "0", ""
    places = 1 - math.floor(math.log10(abs(error)))
    power = math.floor(math.log10(max(abs(value), abs(error))))
    if -3 <= places <= 6 or (places > 6 and power >= -1):  # a value near one stays as it is, however small its error
        return _fixed(value, max(places, 0)), _fixed(error, max(places, 0)), ""
    amount, spread = (_fixed(each / 10.0**power, places + power) for each in (value, error))
    return amount, spread, ten_to(power)


def percent(share: float, places: int = 0) -> str:
    """A share of one in percent.

    Example:
        >>> percent(0.054)
        '5 %'
    """
    return f"{_fixed(100 * share, places)} %"


def raised(value: float) -> str:
    """An exponent in raised characters, to two places.

    Example:
        >>> raised(-0.944)
        '⁻⁰·⁹⁴'
    """
    return f"{value:.2f}".translate(RAISED)


def ten_to(power: int) -> str:
    """A power of ten.

    Example:
        >>> ten_to(-7)
        '10⁻⁷'
    """
    return "10" + f"{power}".translate(RAISED)


def _fixed(value: float, places: int) -> str:
    """To so many places, or to a higher power of ten where these are negative."""
    text = f"{round(value, places):,.{max(places, 0)}f}"
    return "−" + text[1:] if text.startswith("-") and any(each in "123456789" for each in text) else text.lstrip("-")


def _short(text: str) -> str:
    """Without zeros at the end of a fraction."""
    return text.rstrip("0").rstrip(".") if "." in text else text
