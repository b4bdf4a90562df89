"""``szilard live``: records on a page while they are written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from szilard.cli.screen import say


def live(
    records: Annotated[
        list[Path],
        typer.Argument(metavar="DIR...", help="Records, or directories that hold some.", show_default=False),
    ],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the page; 0 takes one that is free.")] = 0,
    open: Annotated[bool, typer.Option("--open", help="Show the page in the browser.")] = False,
) -> None:
    """Follow records on a page of this machine while they are written, and print its address.

    Several runs are drawn over one another. It ends with Ctrl+C; the trainings do not notice it.
    """
    from szilard.live.board import Board
    from szilard.live.server import LiveServer

    board = Board(records)
    with LiveServer(board, port) as server:
        board.begin()
        typer.echo(server.address)
        say("the page is for this machine's browsers only; Ctrl+C ends it.")
        if open and typer.launch(server.address) != 0:
            say("no browser could be started: open the address yourself.")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            board.end()
