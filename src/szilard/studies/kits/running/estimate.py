"""How long a run will take, told before it starts."""

from __future__ import annotations

import sys


def say_estimate(seconds: float, what: str, *, resumable: bool = True) -> None:
    """One line on the standard error stream."""
    rest = (
        "it may be interrupted and goes on with resume (--resume)"
        if resumable
        else "it writes its record at the end: interrupted, it cannot be resumed"
    )
    print(f"{what}: about {in_words(seconds)} on this machine; {rest}.", file=sys.stderr, flush=True)


def in_words(seconds: float) -> str:
    """A time in a unit that suits it.

    Example:
        >>> in_words(42), in_words(500), in_words(6000)
        ('42 seconds', '8 minutes', '1 h 40 min')
    """
    if seconds < 100:
        return f"{seconds:.0f} seconds"
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"
