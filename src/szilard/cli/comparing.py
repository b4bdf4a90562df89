"""``szilard compare``: records side by side, with the differences and their errors.

The numbers of a record that a table can hold: one per quantity, at the last record.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from szilard.cli.screen import UNBROKEN, show, show_json
from szilard.errors import RecordError
from szilard.records.boundary import at_boundary
from szilard.studies.registry import trainings_of

if TYPE_CHECKING:
    from szilard.estimate import Estimate
    from szilard.handle import Run

_DIMENSION = "path_interval"


def final_estimates(run: Run) -> dict[str, Estimate]:
    """Each scalar estimate at the last record, by name, NaN where it is not known; empty where nothing was recorded."""
    if run.data.sizes.get("step", 0) == 0:
        return {}
    scalars = [str(name) for name, item in run.data.data_vars.items() if item.ndim == 1 and "kind" in item.attrs]
    return {name: _last_estimate(run, name) for name in scalars}


def _last_estimate(run: Run, name: str) -> Estimate:
    """The last estimate; NaN where the design cannot give it."""
    from szilard.estimate import Estimate, Kind

    if name in (run.attributes.get("unavailable") or {}) and math.isnan(float(run.data[name].values[-1])):
        return Estimate(math.nan, math.nan, Kind(run.data[name].attrs["kind"]))
    return run.estimate(name)


def compare(
    records: Annotated[list[Path], typer.Argument(metavar="DIR DIR...", help="Two records or more.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Put records side by side at their last step, with each one's difference to the first.

    Errors of differences are added in quadrature, as for independent probes or ensembles; on one and the same probe
    they are mostly smaller.
    """
    from szilard.handle import Run

    if len(records) < 2:
        raise RecordError("compare needs two records or more: give the directories of both.")
    runs = [Run(path) for path in records]
    with at_boundary(Path(", ".join(map(str, records))), "compared"):
        rows = differences(runs)
        notes = [*caveats(runs), *saturated(runs)]
    if json:
        show_json({"records": [str(run.path) for run in runs], "quantities": rows, "notes": notes})
    else:
        _print(runs, rows, notes)


def differences(runs: list[Run]) -> list[dict[str, Any]]:
    """For every quantity that all of them know: each run's value and error, and its difference to the first run's.

    Raises:
        RecordError: if a run holds no record, or they have nothing in common.
    """
    finals = [final_estimates(run) | _at_common_interval(run, runs) for run in runs]
    for run, final in zip(runs, finals, strict=True):
        if not final:
            why = "no single numbers" if run.data.sizes.get("step", 0) else "no rows"
            raise RecordError(f"{run.path} holds {why} to compare: leave it out, or open it again later.")
    wanted = dict.fromkeys(name for run in runs for name in run.study.compared)
    if common_interval(runs) is None and not any(run.attributes.get("every_changes") for run in runs):
        wanted = {name: None for name in wanted if not name.endswith("_at_interval")}  # they would say the same again
    shared = [name for name in wanted if all(_known(name, final) for final in finals)]
    if not shared:
        raise RecordError("these records know no quantity in common: compare runs with runs, ensembles with ensembles.")
    return [
        {
            "name": name,
            "units": runs[0].data[name].attrs.get("units", ""),
            "values": [_plain(final[name]) for final in finals],
            "differences": [_difference(final[name], finals[0][name]) for final in finals[1:]],
        }
        for name in shared
    ]


def common_interval(runs: list[Run]) -> int | None:
    """The longest of the runs' last measuring intervals, in training steps, where it differs; None where it is one."""
    last = {_last_interval(run) for run in runs}
    return max(last) if len(last) > 1 and min(last) > 0 else None


def _last_interval(run: Run) -> int:
    """0 where the record does not say."""
    axis = run.data.get(_DIMENSION)
    return 0 if axis is None or not isinstance(run.attributes.get("every"), int) else int(axis.values[0])


def _at_common_interval(run: Run, runs: list[Run]) -> dict[str, Estimate]:
    """W, Q and L of this run along the path looked at as seldom as in the others; NaN where it has no such multiple."""
    common = common_interval(runs)
    found: dict[str, Estimate] = {}
    if common is None:
        return found
    at = [int(interval) for interval in run.data[_DIMENSION].values]
    for name in ("work", "heat", "length"):
        column = f"{name}_by_interval"
        if column in run.data:
            every = run.estimate(column)
            value, error = (
                (float(every.value[at.index(common)]), float(every.error[at.index(common)]))
                if common in at
                else (math.nan, math.nan)
            )
            found[f"{name}_at_interval"] = replace(every, value=value, error=error)
    return found


def saturated(runs: list[Run]) -> list[str]:
    """Ensembles too small for a number: there only its bracket should be quoted."""
    notes = []
    for run in runs:
        last = run.data.isel(step=-1)
        names = [
            str(name).removesuffix("_saturated")
            for name in last.data_vars
            if str(name).endswith("_saturated") and int(last[name]) == 1
        ]
        if names:
            notes.append(f"{run.path} is too small to pin down {', '.join(names)}: quote their brackets (szilard show)")
    return notes


def caveats(runs: list[Run]) -> list[str]:
    """What keeps the numbers from being alike: settings and steps in which the runs differ."""
    notes = []
    for words, values in (
        ("last steps", [int(run.data["step"].values[-1]) for run in runs]),
        ("measuring intervals (W, Q and L depend on them)", [run.attributes.get("every") for run in runs]),
        ("designs", [trainings_of(run.attributes) for run in runs]),
        ("probe sizes", [_probe_size(run) for run in runs]),
        ("statuses", [run.status for run in runs]),
    ):
        if any(value != values[0] for value in values):
            notes.append(f"the runs differ in their {words}: {', '.join(map(str, values))}")
    common = common_interval(runs)
    if common is not None:
        notes.append(f"work_at_interval, heat_at_interval and length_at_interval are at jumps of {common} steps in all")
    stops = [run.stopping_point() for run in runs]
    if all(stop is not None for stop in stops):
        told = (f"{stop.step}{'' if stop.resolved else ' (not resolved)'}" for stop in stops if stop is not None)
        notes.append(f"label-free stopping points: {', '.join(told)}")
    return notes


def _probe_size(run: Run) -> Any:
    probe = run.attributes.get("probe")
    return probe.get("inputs") if isinstance(probe, Mapping) else None


def _known(name: str, final: Mapping[str, Estimate]) -> bool:
    return name in final and math.isfinite(float(final[name].value))


def _plain(estimate: Estimate) -> dict[str, float]:
    return {"value": float(estimate.value), "error": float(estimate.error)}


def _difference(estimate: Estimate, first: Estimate) -> dict[str, float]:
    error = math.hypot(float(estimate.error), float(first.error))
    return {"value": float(estimate.value) - float(first.value), "error": error}


def _print(runs: list[Run], rows: list[dict[str, Any]], notes: list[str]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from szilard.numbers import with_error

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_lines=False)
    table.add_column("quantity")
    for run in runs:
        table.add_column(Text(str(run.path)), justify="right", overflow="fold")
    for number in range(2, len(runs) + 1):
        table.add_column(f"{number}. − 1.", justify="right")
    for row in rows:
        cells = [with_error(each["value"], each["error"]) for each in (*row["values"], *row["differences"])]
        table.add_row(f"{row['name']} ({row['units']})", *cells)
    show(table, *(f"Note: {note}." for note in notes), width=UNBROKEN)
