"""Carries the run ``heat-capacity`` out and writes its record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
import torch.nn.functional as F

from szilard.data import Dataset
from szilard.ensemble.per_example import make_gradients
from szilard.ensemble.trainer import Cohort
from szilard.errors import ModelError, SpecError
from szilard.records.schema import Group
from szilard.studies.heat_capacity.schema import heat_groups
from szilard.studies.heat_capacity.spec import HeatCapacity, State
from szilard.studies.heat_capacity.stationary import (
    Observer,
    StateSeries,
    carry_to_stationarity,
    look_steps,
    make_state_trainer,
)
from szilard.studies.life import Options, Row, Whole, carry_out_whole, seconds_each
from szilard.training import streams
from szilard.training.training import Loss

_PATIENCE = 0.1
"""Seconds of training that are tried to tell how long a run will take."""
_STEPS = 8
"""At a time."""


def carry_out(spec: HeatCapacity, dataset: Dataset, out: Path, options: Options) -> None:
    """Does everything, then writes the record: an interrupted run leaves none.

    Raises:
        SpecError, ModelError, RecordError: see :func:`szilard.run`.
    """
    carry_out_whole(StationaryTrainings(spec, dataset), dataset.name, out, options)


@final
class StationaryTrainings(Whole):
    """Trainings at every width, rate and batch size, led to stationarity and looked at."""

    def __init__(self, spec: HeatCapacity, dataset: Dataset) -> None:
        self.spec: HeatCapacity = spec
        self._cohort = _cohort(spec, dataset)
        self._loss: Loss = F.cross_entropy if spec.loss is None else spec.loss.build()
        self._series: list[StateSeries] = []
        steps = spec.burn + spec.window
        self.told = f"{len(spec.states)} states of {spec.seeds} trainings, {steps:,} steps or more each"
        self.total = sum(spec.slow(state) for state in spec.states) * steps * self._cohort.members
        self.unit = "member-steps"

    def seconds(self) -> float:
        tried: dict[tuple[int, int], tuple[float, float]] = {}
        total = 0.0
        for state in self.spec.states:
            kind = (state.width, state.batch)
            if kind not in tried:
                tried[kind] = self._seconds_of(state)
            step, look = tried[kind]
            total += step * self.spec.slow(state) * (self.spec.burn + self.spec.window) + look * self.spec.looks
        return total

    def _seconds_of(self, state: State) -> tuple[float, float]:
        """Of a step and of a look, all members together."""
        spec, trainer = self.spec, make_state_trainer(self.spec, state, self._cohort)
        steps = min(_STEPS, spec.burn + spec.window - 1)
        trainer.advance(1)
        step = seconds_each(lambda: trainer.advance(steps), _PATIENCE, (spec.burn + spec.window) // steps) / steps
        gradients = make_gradients(spec.of_width(state.width).build(), self._loss, spec.loss is None)
        observer, parameters = Observer(gradients, self._cohort, state, spec.weight_decay), trainer.parameters()
        observer.take_from([parameters])
        return step, seconds_each(lambda: observer.look(parameters))

    def measure(self, advance: Callable[[int], None]) -> None:
        for state in self.spec.states:
            series = carry_to_stationarity(self.spec, state, self._cohort, self._loss, advance)
            _check(state, series)
            self._series.append(series)

    def groups(self) -> tuple[Group, ...]:
        return heat_groups(states=len(self._series), members=self.spec.seeds, groups=len(self._series[0].groups))

    def attributes(self) -> dict[str, Any]:
        return {
            "examples": self._cohort.size,
            "states": [
                {**state._asdict(), "parameters": [group.size for group in series.groups]}
                for state, series in zip(self.spec.states, self._series, strict=True)
            ],
            "groups": [_called(group.name, number) for number, group in enumerate(self._series[0].groups)],
            "weight_decay": self.spec.weight_decay,
            "burn": self.spec.burn,
            "forward_precision": "float32",
        }

    def rows(self) -> Iterator[Row]:
        for number, step in enumerate(look_steps(self.spec)):
            columns = self._series[0].looks[number]
            yield (
                "heat",
                step,
                {name: np.array([each.looks[number][name] for each in self._series]) for name in columns},
            )


def _cohort(spec: HeatCapacity, dataset: Dataset) -> Cohort:
    """All members train on the same examples."""
    inputs, labels = dataset.split("train")
    size = spec.size
    if size > len(inputs):
        raise SpecError(f"size is {size}, and {dataset.name!r} has {len(inputs)} training examples: lower it.")
    rows = torch.randperm(len(inputs), generator=streams.generator_of(spec.seed, streams.DATASET))[:size]
    index = torch.arange(size).expand(spec.seeds, -1).contiguous()
    return Cohort(inputs[rows], index, labels[rows].expand(spec.seeds, -1).contiguous())


def _check(state: State, series: StateSeries) -> None:
    if not all(np.isfinite(column).all() for look in series.looks for column in look.values()):
        raise ModelError(
            f"training diverged at width {state.width}, rate {state.rate:g} and batches of {state.batch}: lower the"
            " rates."
        )


def _called(name: str, number: int) -> str:
    """A group's name without its size, which differs with the width."""
    return name.split(" (")[0] if number else "all"
