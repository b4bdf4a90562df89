"""The program ``szilard``: its commands, its help, and what its exit codes mean."""

from __future__ import annotations

import sys
import warnings
from typing import Annotated

import typer

import szilard
from szilard.cli import comparing, following, reading, running, verifying
from szilard.cli.screen import InWords, warn_in_words
from szilard.printable import take_any_text

EXIT_CODES = (
    "Exit codes: 0 all well; 1 a run broke, an audit found the numbers unsound, or a verification failed;"
    " 2 a wrong command, spec, data set or record; 130 interrupted."
)

app = typer.Typer(
    name="szilard",
    cls=InWords,
    help="Watches a model learn and says, in nats and with error bars, what the learning did and what it cost.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"szilard {szilard.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """What holds for every command."""


for command in (running.run, reading.list_, reading.show, reading.audit, reading.report):
    app.command(command.__name__.rstrip("_"), epilog=EXIT_CODES)(command)
app.command("compare", epilog=EXIT_CODES)(comparing.compare)
app.command("live", epilog=EXIT_CODES)(following.live)
app.command("verify", epilog=EXIT_CODES)(verifying.verify)


def main() -> None:
    """Runs the program; warnings of szilard's own are printed as sentences, whatever the terminal can show."""
    for stream in (sys.stdout, sys.stderr):
        take_any_text(stream)
    warnings.showwarning = warn_in_words(warnings.showwarning)
    app()
