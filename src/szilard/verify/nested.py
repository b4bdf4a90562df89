"""Nested ensembles whose informations are known: a finite population of classifiers, and Gaussians on a grid."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from szilard.information import Measurement, Nesting, measure
from szilard.systems import CategoricalTeachers, GaussianMean

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
