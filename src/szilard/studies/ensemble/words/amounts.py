"""Numbers and lists as they stand in sentences."""

from __future__ import annotations

import math

from szilard.estimate import Estimate
from szilard.numbers import number, with_error


def amount(estimate: Estimate) -> str:
    """``value ± error`` ; where an error is missing it says so."""
    value, error = float(estimate.value), float(estimate.error)
    if error == 0:
        return number(value, 4)
    if not math.isfinite(error):
        return f"{number(value, 3)} (no error)"
    return with_error(value, error)


def listed(items: list[str]) -> str:
    """Items joined as in a sentence.

    Example:
        >>> listed(["a", "b", "c"]), listed(["a"])
        ('a, b and c', 'a')
    """
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
