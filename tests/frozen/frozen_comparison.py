"""Compares what szilard says today with what it said: words exactly, numbers within what processors may differ by.

White space counts as one blank. A number is compared as a number: the last printed digit may be one off, counts may
not. What differs is told as a unified diff in which every number is ``#``, or number by number where only these differ.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

AUDIT_RELATIVE = 1e-6
FLOOR = 1e-12
"""Below it everything is nought: residuals of identities are the processor's own."""
SHOWN = 40
"""Most lines of a difference."""

_NUMBER = re.compile(
    r"[-−+]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][-−+]?\d+)?(?:[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)?",
)
_WORST = re.compile(r"\bworst at step [\d,]+(?:, [a-z]+ \d+)?")
"""The place of a largest residual: among residuals that are the processor's own, so is the place."""
_TOGETHER = re.compile(r"\((\S+) ± (\S+)\)·(10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_POWER = re.compile(r"(?:([\d.]+)·)?(?<![\d.])10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_RAISED = str.maketrans("⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹", "-+0123456789")


def spaced(text: str) -> str:
    """Text with each stretch of white space as one blank, and without places that are the processor's own.

    Numbers are read as they once were written, for one way to write them is meant: ``5%`` for 5 %, ``1e-07`` for 10⁻⁷.
    """
    text = _TOGETHER.sub(r"\1·\3 ± \2·\3", " ".join(text.split()).replace(" %", "%"))
    text = _POWER.sub(lambda found: f"{found[1] or '1'}e{found[2].translate(_RAISED)}", text)
    return _WORST.sub("worst at step …", text)


def words(text: str) -> str:
    """Text with each number as ``#`` and each stretch of white space as one blank."""
    return _NUMBER.sub("#", spaced(text))


def text_differences(old: str, new: str) -> list[str]:
    """What differs between two texts, in lines to be read; empty where nothing does."""
    if words(old) != words(new):
        return _diff([words(line) for line in old.splitlines()], [words(line) for line in new.splitlines()])
    found = []
    now, before = spaced(new), spaced(old)
    for one, other in zip(_NUMBER.finditer(before), _NUMBER.finditer(now), strict=True):
        if not _same_printed(one.group(), other.group()):
            around = before[max(0, one.start() - 60) : one.end() + 30]
            found.append(f"was {one.group()}, is {other.group()} in: … {around} …")
    return found[:SHOWN]


def json_differences(old: Any, new: Any, relative: float) -> list[str]:
    """What differs between two JSON values: keys, order, texts and sizes exactly, numbers within ``relative``."""
    before, now = list(_leaves(old, "")), list(_leaves(new, ""))
    lines, others = ([f"{path}: {_told(leaf)}" for path, leaf in each] for each in (before, now))
    if lines != others:
        return _diff(lines, others)
    found = []
    for (path, one), (_, other) in zip(before, now, strict=True):
        if isinstance(one, str):
            found += [f"{path}: {line}" for line in text_differences(one, other)]
        elif _is_number(one) and not _close(one, other, relative):
            found.append(f"{path}: was {one!r}, is {other!r}")
    return found[:SHOWN]


def _diff(old: list[str], new: list[str]) -> list[str]:
    lines = difflib.unified_diff(old, new, "frozen", "now", lineterm="", n=1)
    return [line[:400] for line in islice(lines, SHOWN)]


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every single value with its place; things that have a name are called by it."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for place, item in enumerate(value):
            name = item.get("name") if isinstance(item, dict) else None
            yield from _leaves(item, f"{path}[{place if name is None else name}]")
    else:
        yield path, value


def _told(leaf: Any) -> str:
    return "#" if _is_number(leaf) else words(leaf) if isinstance(leaf, str) else repr(leaf)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _close(one: float, other: float, allowed: float) -> bool:
    return one == other or abs(one - other) <= max(FLOOR, allowed * max(abs(one), abs(other)))


def _same_printed(one: str, other: str) -> bool:
    """Whether two printed numbers are the same, or one off in the last digit of a fraction."""
    if one == other:
        return True
    (value, digit), (value_now, digit_now) = _parsed(one), _parsed(other)
    return abs(value - value_now) <= max(FLOOR, 1.01 * digit, 1.01 * digit_now)


def _parsed(text: str) -> tuple[float, float]:
    """A printed number and what its last digit is worth; nothing for a whole number, which must be exact."""
    plain = text.replace("−", "-").replace(",", "")
    raised = "".join(character for character in plain if character in "⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹")
    plain = plain.removesuffix(raised)
    if raised:
        return float(plain) ** int(raised.translate(_RAISED)), 0.0
    mantissa, _, exponent = plain.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    inexact = decimals > 0 or exponent != ""
    return float(plain), 10.0 ** (int(exponent or 0) - decimals) if inexact else 0.0
