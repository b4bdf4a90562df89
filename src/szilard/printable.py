"""Text from a record on its way to a screen or a page: nothing in it may be obeyed as a command."""

from __future__ import annotations

from typing import Any


def printable(text: Any) -> str:
    """``str(text)`` with a space for every character that is not for reading.

    These are controls (the escape that begins a terminal's commands, the end of a line, what turns the direction of
    writing) and halves of surrogate pairs, which cannot be printed at all.

    Example:
        >>> printable("a\\x1b[2Jb\\u202ec")
        'a [2Jb c'
    """
    return "".join(character if character.isprintable() else " " for character in str(text))
