"""Text on its way to a screen or a page: nothing in it may be obeyed as a command, and any stream can take it."""

from __future__ import annotations

from typing import Any, TextIO


def printable(text: Any) -> str:
    """``str(text)`` with a space for every character that is not for reading.

    These are controls (the escape that begins a terminal's commands, the end of a line, what turns the direction of
    writing) and halves of surrogate pairs, which cannot be printed at all.

    Example:
        >>> printable("a\\x1b[2Jb\\u202ec")
        'a [2Jb c'
    """
    return "".join(character if character.isprintable() else " " for character in str(text))


def encodable(text: str, stream: TextIO | None) -> str:
    """``text`` with a question mark for every character that the stream's encoding does not have.

    Example:
        >>> import io
        >>> encodable("W ± 0.1 → Σ", io.TextIOWrapper(io.BytesIO(), encoding="cp1252"))
        'W ± 0.1 ? ?'
    """
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        return text.encode(encoding, "replace").decode(encoding)
    except LookupError:  # a stream of somebody's own
        return text


def take_any_text(stream: TextIO | None) -> None:
    """Has a stream replace what it cannot show, whoever writes to it."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None and getattr(stream, "errors", "") in ("strict", "surrogateescape"):
        reconfigure(errors="replace")
