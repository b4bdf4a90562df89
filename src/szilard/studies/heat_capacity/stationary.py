"""One state: trainings side by side, led to stationarity and looked at over the whole training set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor

from szilard.ensemble.gradient_sums import Gradients, Group
from szilard.ensemble.per_example import make_gradients
from szilard.ensemble.trainer import Cohort, make_trainer
from szilard.ensemble.trainer.trainer import Trainer
from szilard.studies.heat_capacity.spec import HeatCapacity, State
from szilard.training import SGD, Training, streams
from szilard.training.training import Loss

Parameters = Mapping[str, Tensor]
Look = dict[str, np.ndarray]
"""Columns of one look: (members,) or (members, groups)."""

BEFORE = 20
"""Points within the second half of the burn-in, whose mean is what displacements are taken from."""


@dataclass(frozen=True, slots=True)
class StateSeries:
    """What came of one state.

    Attributes:
        groups: of parameters, all of them first.
        looks: one for each step of the looks.
    """

    groups: Sequence[Group]
    looks: list[Look]


def look_steps(spec: HeatCapacity) -> tuple[int, ...]:
    """Training steps of the looks at the largest rate, evenly over the window."""
    return tuple(spec.burn + round(spec.window * look / spec.looks) for look in range(1, spec.looks + 1))


def carry_to_stationarity(
    spec: HeatCapacity, state: State, cohort: Cohort, loss: Loss, advance: Callable[[int], None]
) -> StateSeries:
    """Trains all members of a state, and looks.

    Args:
        spec: of the run.
        state: which of its states.
        cohort: the training sets of the members.
        loss: of a batch.
        advance: called with the member-steps that were done.

    Raises:
        SpecError, ModelError: if the model cannot be trained.
    """
    trainer = make_state_trainer(spec, state, cohort)
    model = spec.of_width(state.width).build()
    observer = Observer(make_gradients(model, loss, spec.loss is None), cohort, state, spec.weight_decay)

    def to(step: int) -> Parameters:
        steps = step - trainer.step
        trainer.advance(steps)
        advance(steps * cohort.members)
        return trainer.parameters()

    slow = spec.slow(state)
    half = spec.burn // 2
    points = (half + round((spec.burn - half) * point / BEFORE) for point in range(1, BEFORE))
    observer.take_from([to(slow * point) for point in points])
    return StateSeries(observer.groups, [observer.look(to(slow * step)) for step in look_steps(spec)])


def make_state_trainer(spec: HeatCapacity, state: State, cohort: Cohort) -> Trainer:
    """Of all members of a state, at their initialisations."""
    training = Training(
        optimizer=SGD(lr=state.rate, weight_decay=spec.weight_decay),
        batch_size=state.batch,
        steps=spec.slow(state) * (spec.burn + spec.window),
        shuffle="replacement",
        loss=spec.loss,
    )
    seeds = {
        name: [streams.seed_of(spec.seed, f"{name} {state} {member}") for member in range(cohort.members)]
        for name in (streams.INITIALISATION, streams.ORDER, streams.FORWARD)
    }
    return make_trainer(
        spec.of_width(state.width).build,
        training,
        cohort,
        initialisation_seeds=seeds[streams.INITIALISATION],
        order_seeds=seeds[streams.ORDER],
        forward_seeds=seeds[streams.FORWARD],
    )


@final
class Observer:
    """Energy, temperature and virial of members, from one pass over their training sets.

    Args:
        gradients: take the gradients of examples.
        cohort: the training sets.
        state: the batch size and rate that make the temperature.
        decay: λ, part of the energy.
    """

    def __init__(self, gradients: Gradients, cohort: Cohort, state: State, decay: float) -> None:
        self._gradients, self._state, self._decay = gradients, state, decay
        self._inputs = cohort.inputs[cohort.index]
        self._labels = cohort.labels
        self._origin: dict[str, Tensor] = {}

    @property
    def groups(self) -> Sequence[Group]:
        """Of parameters, all of them first."""
        return self._gradients.groups

    def take_from(self, points: Sequence[Parameters]) -> None:
        """Sets the point that displacements are taken from: a mean that owes nothing to the looks.

        With the mean of the looks themselves the virial would be too small by their correlation time over the window.
        At stationarity ⟨∇U⟩ = 0, so that any point does; a near one is the least noisy.
        """
        self._origin = {name: torch.stack([point[name].double() for point in points]).mean(0) for name in points[0]}

    def look(self, parameters: Parameters) -> Look:
        """One pass."""
        sums = self._gradients(parameters, self._inputs, self._labels, True)
        theta = {name: value.double() for name, value in parameters.items()}
        force = {name: sums.mean(name).double() + self._decay * theta[name] for name in theta}
        mean = {name: sums.mean(name).double() for name in theta}
        squares = torch.as_tensor(sums.squares) / sums.examples
        energy = sums.loss / sums.examples + 0.5 * self._decay * sum(_dot(value, value) for value in theta.values())
        columns: dict[str, list[Tensor]] = {"temperature_kinetic": [], "temperature_noise": [], "virial": []}
        for number, group in enumerate(self.groups):
            trace = squares[:, number] - self._sum(group, mean, mean)
            away = {name: theta[name] - self._origin[name] for name in group.parameters}
            noise = trace / self._state.batch  # tr C/|b|, of a batch that is drawn with replacement
            square = noise + self._sum(group, force, force)  # ⟨‖g_B‖²⟩ over batches
            half_rate = 0.5 * self._state.rate / group.size
            columns["temperature_kinetic"].append(half_rate * square)
            columns["temperature_noise"].append(half_rate * noise)
            columns["virial"].append(0.5 * self._sum(group, away, force))
        return {"energy": energy.numpy(), **{name: torch.stack(each, 1).numpy() for name, each in columns.items()}}

    @staticmethod
    def _sum(group: Group, one: Parameters, other: Parameters) -> Tensor:
        return torch.stack([_dot(one[name], other[name]) for name in group.parameters]).sum(0)


def _dot(one: Tensor, other: Tensor) -> Tensor:
    """Of each member."""
    return (one * other).flatten(1).sum(1)
