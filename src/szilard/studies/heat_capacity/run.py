"""Carries the run ``heat-capacity`` out and writes its record."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from szilard.data import Dataset
from szilard.ensemble.trainer import Cohort
from szilard.errors import ModelError, SpecError
from szilard.records.provenance import provenance
from szilard.records.writer import RecordWriter
from szilard.studies.heat_capacity.duration import seconds_of
from szilard.studies.heat_capacity.engine.stationary import Seen, carry_to_stationarity, look_steps
from szilard.studies.heat_capacity.schema import heat_groups
from szilard.studies.heat_capacity.spec import HeatCapacity, State
from szilard.studies.kits.running.estimate import say_estimate
from szilard.studies.kits.running.progress import Progress
from szilard.studies.kits.running.threads import own_threads
from szilard.training import streams
from szilard.training.training import Loss


def carry_out(
    spec: HeatCapacity, dataset: Dataset, out: Path, *, overwrite: bool, quiet: bool, resume: bool, keep: bool
) -> None:
    """Does everything, then writes the record: an interrupted run leaves none, and there is nothing to resume or keep.

    Raises:
        SpecError, ModelError, RecordError: see :func:`szilard.run`.
    """
    cohort = _cohort(spec, dataset)
    loss: Loss = F.cross_entropy if spec.loss is None else spec.loss.build()
    with own_threads(spec.threads):
        if not quiet:
            what = (
                f"{len(spec.states)} states of {spec.seeds} trainings, {spec.burn + spec.window:,} steps or more each"
            )
            say_estimate(seconds_of(spec, cohort, loss), what, resumable=False)
        seen = _measure(spec, cohort, loss, quiet)
    for state, each in zip(spec.states, seen, strict=True):
        _check(state, each)
    groups = heat_groups(states=len(seen), members=spec.seeds, groups=len(seen[0].groups))
    writer = RecordWriter(out, groups=groups, attributes=_attributes(spec, dataset, cohort, seen), overwrite=overwrite)
    for number, step in enumerate(look_steps(spec)):
        row = {name: np.array([each.looks[number][name] for each in seen]) for name in seen[0].looks[0]}
        writer.append("heat", step, row)
    writer.close()


def _cohort(spec: HeatCapacity, dataset: Dataset) -> Cohort:
    """All members train on the same examples."""
    inputs, labels = dataset.split("train")
    size = spec.size
    if size > len(inputs):
        raise SpecError(f"size is {size}, and {dataset.name!r} has {len(inputs)} training examples: lower it.")
    rows = torch.randperm(len(inputs), generator=streams.generator_of(spec.seed, streams.DATASET))[:size]
    index = torch.arange(size).expand(spec.seeds, -1).contiguous()
    return Cohort(inputs[rows], index, labels[rows].expand(spec.seeds, -1).contiguous())


def _measure(spec: HeatCapacity, cohort: Cohort, loss: Loss, quiet: bool) -> list[Seen]:
    total = sum(spec.slow(state) for state in spec.states) * (spec.burn + spec.window) * cohort.members
    done = 0
    with Progress(f"{spec.name}: {len(spec.states)} states", total, quiet) as progress:

        def advance(steps: int) -> None:
            nonlocal done
            done += steps
            progress.update(done, "member-steps")

        return [carry_to_stationarity(spec, state, cohort, loss, advance) for state in spec.states]


def _check(state: State, seen: Seen) -> None:
    if not all(np.isfinite(column).all() for look in seen.looks for column in look.values()):
        raise ModelError(
            f"training diverged at width {state.width}, rate {state.rate:g} and batches of {state.batch}: lower the"
            " rates."
        )


def _attributes(spec: HeatCapacity, dataset: Dataset, cohort: Cohort, seen: list[Seen]) -> dict[str, Any]:
    states = [
        {**state._asdict(), "parameters": [group.size for group in each.groups]}
        for state, each in zip(spec.states, seen, strict=True)
    ]
    return {
        "kind_of_run": "heat-capacity",
        "name": spec.name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": dataset.name,
        "examples": cohort.size,
        "states": states,
        "groups": [_called(group.name, number) for number, group in enumerate(seen[0].groups)],
        "weight_decay": spec.weight_decay,
        "burn": spec.burn,
        "forward_precision": "float32",
        "seed": spec.seed,
        "spec": spec.as_table(),
        "provenance": provenance(),
    }


def _called(name: str, number: int) -> str:
    """Without its size, which differs with the width."""
    return name.split(" (")[0] if number else "all"
