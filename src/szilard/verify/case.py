"""The exact systems that verification runs on, each with one path of its parameters.

Nested ensembles whose informations are known: a finite population of classifiers, and Gaussians on a grid.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from szilard.information import Measurement, Nesting, measure
from szilard.systems import (
    Categorical,
    CategoricalTeachers,
    DescentPath,
    GaussianMean,
    GreatCirclePath,
    MixturePath,
    System,
)

_TARGET = (0.6, 0.3, 0.1)


@dataclass(frozen=True)
class Case:
    """A system, and the path along which its ledger is known.

    Args:
        name: shown in the table.
        system: gives φ, samples and answers.
        path: its parameters, float64; logits carry an arbitrary constant at each point, so that normalisation counts.
        segment: steps for which one set of samples is reused.
    """

    name: str
    system: System
    path: Float[Tensor, "points ..."]
    segment: int = 2

    @property
    def steps(self) -> int:
        """Number of steps along the path: one less than its points."""
        return len(self.path) - 1

    @functools.cached_property
    def truth(self) -> Mapping[str, float]:
        """The ledger of the whole path, by the system's own arithmetic."""
        return self.system.along(self.path)

    def phi_table(self) -> Float[Tensor, "points 1 outcomes"]:
        """φ of every outcome, with the one input of an unconditional model."""
        return self.system.table(self.path)[:, None]

    def log_volume(self) -> float:
        """What a sum over outcomes adds to ⟨φ⟩ less than the integral over x: 0 for discrete outcomes."""
        return math.log(self.system.outcomes(self.path)[1])

    def tangents(self) -> Float[Tensor, "steps 1 outcomes"]:
        """First-order change of −φ of every outcome along each step: the JVP that a network would give."""
        x, _ = self.system.outcomes(self.path)

        def minus_phi(theta: Tensor) -> Tensor:
            return -self.system.phi(x, theta)

        changes = [
            torch.autograd.functional.jvp(minus_phi, before, after - before)[1]
            for before, after in itertools.pairwise(self.path)
        ]
        return torch.stack(changes)[:, None]


class Named(Protocol):
    """What verification has rows of: a system with its name in the table."""

    @property
    def name(self) -> str:
        """As the table shows it."""
        ...


N = TypeVar("N", bound=Named)


def named(each: Iterable[N], names: Collection[str]) -> Iterator[N]:
    """Those of these names, in their order; all of them, where no name is given."""
    return (one for one in each if not names or one.name in names)


def cases() -> Iterator[Case]:
    """Yields every system with a path that verification runs on; a new one adds a line here."""
    yield _categorical("mixture path", Categorical(_TARGET, path=MixturePath(remainder=1e-6)), steps=5)
    yield _categorical("great circle", Categorical(_TARGET, path=GreatCirclePath()), steps=20)
    yield _categorical("SGD, 50 classes", Categorical.random(50, path=DescentPath(rate=0.5, batch_size=16)), steps=30)
    yield _tiny("tiny steps, 1e-10 nat", size=1.5e-5)
    yield _tiny("tiny steps, 3e-13 nat", size=8e-7)
    noise = GaussianMean(
        dimension=2, points=10, model_sigma=1.0, data_sigma=1.0, rate=0.1, noise=0.02, initial_variance=0.5
    )
    yield Case("Gaussian, noise", noise, noise.simulate(6, seed=1))
    minibatches = GaussianMean(
        dimension=1,
        points=8,
        model_sigma=0.7,
        data_sigma=1.2,
        rate=0.1,
        noise=0.0,
        initial_variance=0.4,
        task_variance=0.3,
        batch_size=2,
    )
    yield Case("Gaussian, minibatches", minibatches, minibatches.simulate(6, seed=2))


def _categorical(name: str, system: Categorical, *, steps: int) -> Case:
    phi = system.simulate(steps, seed=1)
    return Case(name, system, phi + _constants(steps + 1))


def _tiny(name: str, *, size: float) -> Case:
    """Logits of a float32 network, 60 outcomes, moving at random by ``size``: φ in float32 would drown the work."""
    generator = torch.Generator().manual_seed(3)
    moves = size * torch.randn(11, 60, generator=generator, dtype=torch.float64)
    moves[0] = 2 * torch.randn(60, generator=generator, dtype=torch.float64)
    logits = moves.cumsum(0).float()
    system = Categorical.random(60)
    return Case(name, system, -logits.double())


def _constants(points: int) -> Float[Tensor, "points 1"]:
    return torch.randn(points, 1, generator=torch.Generator().manual_seed(4), dtype=torch.float64)


_STEPS = 8
_COMPONENTS = 3
_WIDTH = 8.0
_SPACING = 0.5

Draw = Callable[[int, int, int, int, int], Float[ndarray, "replicates members inputs outcomes"]]
"""Log-probabilities from tasks, datasets, seeds, replicates, seed."""


@dataclass(frozen=True, slots=True)
class NestedCase:
    """A population of trainings, and samples of it.

    Args:
        name: shown in tables.
        truth: informations by record name, nats per input.
        draw: samples of a given design.
        several_tasks: whether tasks differ.
    """

    name: str
    truth: Mapping[str, float]
    draw: Draw
    several_tasks: bool = False

    def measured(
        self, design: tuple[int, int, int], replicates: int, *, seed: int, permutations: int = 0
    ) -> Iterator[Measurement]:
        """Independent ensembles of ``design`` (tasks, datasets, seeds), each measured."""
        tasks, datasets, seeds = design
        nesting = Nesting.regular(tasks=tasks, datasets=datasets, seeds=seeds)
        for log_p in self.draw(tasks, datasets, seeds, replicates, seed):
            yield measure(nesting, log_p, blocks=(1,), permutations=permutations)


def nested_cases() -> Iterator[NestedCase]:
    """Weak and strong datasets and seeds, seeds stronger than datasets, datasets without effect, several tasks."""
    yield teachers("teachers, weak", dataset=0.3, initialisation=0.2, order=0.2)
    yield teachers("teachers, seeds", dataset=0.5, initialisation=0.8, order=0.8)
    yield teachers("teachers, null", dataset=0.0, initialisation=0.5, order=0.5)
    yield teachers("teachers, datasets", dataset=1.2, initialisation=0.4, order=0.4)
    yield teachers("teachers, tasks", tasks=24, datasets=16, task=0.8, dataset=0.4, initialisation=0.4, order=0.4)
    yield gaussian("Gaussian", noise=0.05, data_sigma=1.5)
    yield gaussian("Gaussian, seeds", noise=0.2, data_sigma=1.0)
    yield gaussian("Gaussian, tasks", noise=0.1, data_sigma=1.5, task_variance=0.6)


def teachers(name: str, **parameters: float) -> NestedCase:
    """Draws of a :class:`~szilard.systems.CategoricalTeachers`."""
    system = CategoricalTeachers(**parameters)  # type: ignore[arg-type]

    def draw(tasks: int, datasets: int, seeds: int, replicates: int, seed: int) -> ndarray:
        drawn = system.ensemble(tasks=tasks, datasets=datasets, seeds=seeds, replicates=replicates, seed=seed)
        return drawn.numpy()

    return NestedCase(name, system.exact(), draw, system.tasks > 1)


def gaussian(name: str, *, noise: float, data_sigma: float, task_variance: float = 0.0) -> NestedCase:
    """A :class:`~szilard.systems.GaussianMean` of one dimension; independent copies are the inputs."""
    system = GaussianMean(
        dimension=1,
        points=4,
        model_sigma=1.0,
        data_sigma=data_sigma,
        rate=0.2,
        noise=noise,
        initial_variance=0.3,
        task_variance=task_variance,
    )
    answers = system.exact(steps=_STEPS)
    draw = functools.partial(_gaussian_draw, system, float(answers["parameter_variance"]) ** 0.5)
    return NestedCase(name, answers, draw, task_variance > 0)


def _gaussian_draw(
    system: GaussianMean, spread: float, tasks: int, datasets: int, seeds: int, replicates: int, seed: int
) -> ndarray:
    """Log-probabilities of grid cells: the rectangle rule on a Gaussian is exact to 1e-14 at half-sigma cells."""
    copies = replicates * _COMPONENTS * tasks
    paths = system.ensemble(_STEPS, tasks=copies, datasets=datasets, seeds=seeds, seed=seed)
    theta = paths[..., -1, 0].reshape(replicates, _COMPONENTS, -1).movedim(1, 2)
    reach = _WIDTH * (system.model_sigma + spread)
    cells = torch.arange(-reach, reach, _SPACING * system.model_sigma, dtype=torch.float64)
    log_p = -0.5 * ((cells - theta[..., None]) / system.model_sigma) ** 2
    return np.asarray(torch.log_softmax(log_p, -1))
