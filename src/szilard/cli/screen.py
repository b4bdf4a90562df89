"""What the user sees: errors as one sentence on standard error, tables as wide as the terminal, JSON."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

import typer
from typer.core import TyperGroup

from szilard.errors import SzilardError, SzilardWarning
from szilard.printable import encodable, printable

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

BAD = 1
"""Exit code of a run, audit or verification that went wrong."""
USAGE = 2
"""Exit code of a command that cannot be carried out."""
INTERRUPTED = 130
_PLAIN_WIDTH = 100
UNBROKEN = 10_000
"""A width at which nothing is broken into lines, so that other programs can read it."""


class InWords(TyperGroup):
    """Commands whose errors end as a sentence and an exit code, never as a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except SzilardError as error:
            say(f"error: {error}")
            raise typer.Exit(USAGE) from error
        except KeyboardInterrupt as error:
            say("interrupted.")
            raise typer.Exit(INTERRUPTED) from error


def say(message: str) -> None:
    """A line on standard error."""
    echo(f"szilard: {printable(message)}", sys.stderr)


def echo(text: str, stream: TextIO | None = None) -> None:
    """Text on standard output, or on another stream, with what that cannot show replaced."""
    stream = stream or sys.stdout
    typer.echo(encodable(text, stream), file=stream)


def show(*what: RenderableType, width: int = _PLAIN_WIDTH) -> None:
    """Tables and text on standard output: in colour on a terminal (unless NO_COLOR is set), plain elsewhere.

    Args:
        what: to be shown.
        width: in columns, where there is no terminal to say.
    """
    from rich.console import Console

    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console = Console(markup=False, highlight=False, emoji=False, width=width, color_system=None)
    for each in what:
        if isinstance(each, str):
            console.print(printable(each), soft_wrap=True)
        else:
            console.print(_Harmless(each))


class _Harmless:
    """What something looks like on a console, without characters that the terminal would obey.

    Rich's own colours are no characters yet at this point, and stay.
    """

    def __init__(self, what: RenderableType) -> None:
        self._what = what

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        from rich.segment import Segment

        for text, style, control in console.render(self._what, options):
            yield Segment("\n".join(map(printable, text.split("\n"))), style, control)


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """A sign of life on a terminal's standard error while something of a few seconds is under way."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(what):
        yield


def show_json(value: Any) -> None:
    """JSON on standard output; numbers that are not finite become null."""
    echo_json(json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False))


def echo_json(text: str) -> None:
    """JSON on standard output; characters that are not for reading, or that it cannot show, by their numbers.

    Only strings can hold them.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    echo("".join(each if _is_shown(each, encoding) else json.dumps(each)[1:-1] for each in text))


def _is_shown(character: str, encoding: str) -> bool:
    if not character.isprintable() and character != "\n":
        return False
    try:
        return character.isascii() or bool(character.encode(encoding))
    except (UnicodeEncodeError, LookupError):
        return False


def warn_in_words(otherwise: Callable[..., None]) -> Callable[..., None]:
    """A ``warnings.showwarning`` that prints szilard's own warnings as sentences and leaves the others alone."""

    def shown(message: Warning | str, category: type[Warning], *place: Any) -> None:
        if issubclass(category, SzilardWarning):
            say(f"warning: {message}")
        else:
            otherwise(message, category, *place)

    return shown


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
