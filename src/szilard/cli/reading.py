"""``szilard list``, ``show``, ``audit`` and ``report``: commands that read records."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from szilard.cli.screen import BAD, UNBROKEN, echo, echo_json, say, show_json
from szilard.cli.screen import show as print_on_screen
from szilard.errors import RecordError
from szilard.records.boundary import at_boundary
from szilard.studies.registry import trainings_of

if TYPE_CHECKING:
    from szilard.handle import Run

Record = Annotated[Path, typer.Argument(metavar="DIR", help="A record's directory.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def list_(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to look, and below.")] = Path(),
    json: AsJson = False,
) -> None:
    """List the records in a directory and below it."""
    from szilard.handle import find

    runs = find(directory)
    rows = _told(runs)
    if json:
        show_json(rows)
        return
    if not rows:
        say(f"no records in {directory}: make one with 'szilard run single'.")
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("record", overflow="fold")
    for heading in ("name", "status", "every", "trainings", "created"):
        table.add_column(heading, no_wrap=True)
    for row in rows:
        created = str(row["created"] or "")[:19]
        cells = (row["path"], row["name"], row["status"], row["every"], row["trainings"], created)
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in cells))
    print_on_screen(table, width=UNBROKEN)


def show(record: Record, json: AsJson = False) -> None:
    """Print a record's summary: what came of it, the numbers with their errors, and what held."""
    from szilard.handle import Run

    run = Run(record)
    if json:
        with at_boundary(record, "shown"):
            told = {"path": str(run.path), "attributes": run.attributes, **_final(run)}
        show_json(told)
    else:
        echo(run.summary())


def audit(record: Record, json: AsJson = False) -> None:
    """Hold the theory's assumptions against a record; exit code 1 if its numbers are unsound."""
    from szilard.handle import Run

    result = Run(record).audit()
    with at_boundary(record, "judged"):
        told, sound = (result.to_json() if json else result.table()), result.sound
    if isinstance(told, str):
        echo_json(told)
    else:
        print_on_screen(told)
    if not sound:
        raise typer.Exit(BAD)


def report(
    record: Record,
    open: Annotated[bool, typer.Option("--open", help="Show the page in the browser.")] = False,
) -> None:
    """Write the page of figures, and print its path."""
    from szilard.handle import Run

    page = Run(record).report()
    echo(str(page))
    if open and typer.launch(page.resolve().as_uri()) != 0:
        say(f"no browser could be started: open {page} yourself.")


def _told(runs: list[Run]) -> list[dict[str, Any]]:
    """Each in brief; what cannot be told is left out with a warning, as what cannot be opened is."""
    rows = []
    for run in runs:
        try:
            with at_boundary(run.path, "listed"):
                rows.append(_in_brief(run))
        except RecordError as error:
            say(f"warning: {error}")
    return rows


def _in_brief(run: Run) -> dict[str, Any]:
    attributes = run.attributes
    return {
        "path": str(run.path),
        "name": run.name,
        "status": run.status,
        "every": attributes.get("every"),
        "trainings": trainings_of(attributes),
        "created": attributes.get("created"),
    }


def _final(run: Run) -> dict[str, Any]:
    """Every scalar estimate at the last record, as plain values."""
    from szilard.cli.comparing import final_estimates

    steps = run.data["step"].values.tolist()
    estimates = {
        name: {
            "value": estimate.value,
            "error": estimate.error,
            "kind": str(estimate.kind),
            "units": run.data[name].attrs.get("units"),
        }
        for name, estimate in final_estimates(run).items()
    }
    final = {"records": len(steps), "step": steps[-1] if steps else None, "estimates": estimates}
    stop = run.stopping_point()
    return final if stop is None else {**final, "stopping_point": asdict(stop)}
