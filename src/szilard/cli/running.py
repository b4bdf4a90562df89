"""``szilard run``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from szilard.cli.screen import BAD, INTERRUPTED, echo, say
from szilard.studies.registry import named_runs

if TYPE_CHECKING:
    from szilard.handle import Run
    from szilard.studies.life import Options
    from szilard.studies.spec import Spec

Named = Annotated[
    str, typer.Argument(help=f"A named run ({', '.join(named_runs())}) or a TOML file.", show_default=False)
]
Data = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Data: digits, mnist or fashion-mnist, or what the run knows; with --trust also module:function.",
        show_default=False,
    ),
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a setting, by its path (training.steps=500) or the end of it (lr=0.05); may be repeated.",
        show_default=False,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Where the record goes; runs/NAME-DATA by default.", show_default=False),
]
Trials = Annotated[
    str | None,
    typer.Option(
        metavar="N", help="fig3: trainings at each batch size; several, as 50,50,12, for one each.", show_default=False
    ),
]
Batch = Annotated[str | None, typer.Option(metavar="N,N,...", help="fig3: sizes of a batch.", show_default=False)]
Steps = Annotated[int | None, typer.Option(help="Of training.", show_default=False)]
Rate = Annotated[float | None, typer.Option(help="Learning rate.", show_default=False)]
Shuffle = Annotated[str | None, typer.Option(metavar="HOW", help="Batches: replacement or epochs.", show_default=False)]
Quick = Annotated[bool, typer.Option("--quick", help="A reduced version of the named run; minutes.")]
Seed = Annotated[int | None, typer.Option(help="Of everything random.", show_default=False)]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a record that is already there.")]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with an ensemble that was interrupted; begin it where there is none.")
]
Executor = Annotated[
    str,
    typer.Option(
        metavar="WHERE", help="Where an ensemble is trained: local, dask, or a Dask scheduler's address (tcp://…)."
    ),
]
Keep = Annotated[bool, typer.Option("--keep-checkpoints", help="Keep an ensemble's trained models when it is done.")]
OtherVersions = Annotated[
    bool, typer.Option("--other-versions", help="Go on, with --resume, under another szilard, torch or Python.")
]
Trust = Annotated[
    bool,
    typer.Option(
        "--trust",
        help="Call the functions that the spec names outside of szilard, also from modules that lie where this is run.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the path of the report only.")]


def run(
    experiment: Named,
    data: Data = None,
    set_: Changes = None,
    out: Out = None,
    trials: Trials = None,
    batch: Batch = None,
    steps: Steps = None,
    lr: Rate = None,
    shuffle: Shuffle = None,
    quick: Quick = False,
    seed: Seed = None,
    overwrite: Overwrite = False,
    resume: Resume = False,
    executor: Executor = "local",
    keep: Keep = False,
    other_versions: OtherVersions = False,
    trust: Trust = False,
    quiet: Quiet = False,
) -> None:
    """Train and watch a model, or an ensemble; print the summary, write record and report.

    The last line printed is the path of the report.
    """
    import sys

    from szilard.studies.life import Options
    from szilard.studies.trust import check_trusted

    # A spec may name a module of the user's own, which lies where the program is run, as with ``python -m``.
    if trust and "" not in sys.path:
        sys.path.insert(0, "")
    lists = {"batch": batch, "trials": trials}
    plain = {"steps": steps, "lr": lr, "shuffle": shuffle, "seed": seed}
    changes = [
        *(f"{key}=[{value}]" for key, value in lists.items() if value is not None),
        *(f"{key}={value}" for key, value in plain.items() if value is not None),
        *(set_ or []),
    ]
    chosen, name = _chosen(experiment, data, quick, changes)
    if not trust:
        check_trusted(chosen)
    _carry_out(chosen, out or Path("runs") / name, Options(overwrite, quiet, resume, executor, keep, other_versions))


def _chosen(experiment: str, data: str | None, quick: bool, changes: list[str]) -> tuple[Spec, str]:
    """The spec, and what its record's directory is called by default."""
    import re

    from szilard.errors import SpecError
    from szilard.studies.catalogue import apply, find

    found = find(experiment, data)
    chosen = apply(found.quick() if quick else found, changes)
    if not isinstance(chosen.data, str):
        raise SpecError("data given as tensors cannot be run from the command line: name a data set.")
    return chosen, f"{chosen.name}-{re.sub(r'[:/]+', '-', chosen.data).strip('-')}"


def _carry_out(chosen: Spec, place: Path, options: Options) -> None:
    """Runs, tells what came of it, and exits with what that means."""
    import dataclasses
    import warnings

    from szilard.errors import SzilardWarning
    from szilard.handle import Run
    from szilard.studies import runner

    try:
        with warnings.catch_warnings():
            # Told below, in its own words.
            warnings.filterwarnings("ignore", "the run broke", SzilardWarning)
            how = {field.name: getattr(options, field.name) for field in dataclasses.fields(options)}
            finished = runner.run(chosen, place, **how)
    except KeyboardInterrupt:
        if chosen.resumable:
            say(f"interrupted: go on with the same command and --resume; what was done is kept in {place}.")
        # Before the first record there is nothing to tell.
        elif _interrupted(place):
            _tell(Run(place), options.quiet)
        else:
            say("interrupted before anything was recorded.")
        raise typer.Exit(INTERRUPTED) from None
    _tell(finished, options.quiet)
    if finished.status == "broken":
        raise typer.Exit(BAD)


def _interrupted(place: Path) -> bool:
    """Whether an interrupted run left its record there."""
    from szilard.errors import RecordError
    from szilard.handle import Run

    try:
        return "KeyboardInterrupt" in (Run(place).attributes.get("broken_because") or "")
    except RecordError:
        return False


def _tell(finished: Run, quiet: bool) -> None:
    if finished.status == "broken":
        step, because = (finished.attributes.get(key) for key in ("broken_at_step", "broken_because"))
        say(f"the run stopped at step {step}: {because}; what was recorded before is kept in {finished.path}.")
    if not quiet:
        echo(f"{finished.summary()}\n")
    echo(str(finished.report()))
