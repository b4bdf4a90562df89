"""Informations of nested ensembles against populations in which they are known.

How often the intervals of nested informations hold the truth, and how far the estimates are off on average.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from szilard.estimate import Estimate, Kind
from szilard.information import Nesting, measure
from szilard.systems import CategoricalTeachers
from szilard.verify.case import NestedCase, named, nested_cases
from szilard.verify.coverage import Coverage, count
from szilard.verify.row import Comparison

ENSEMBLES = 20
"""Independent ensembles of each system; their spread is the error."""

_WHOLE = "whole population"
_DESIGN = (6, 3)
_TASKS = (4, 3, 3)
_TOLERANCE = 1e-12
_EXACT = {
    "info_task": "info of task",
    "info_dataset": "info of dataset",
    "info_seed": "info of seed",
    "l_info": "L-info",
    "info_seed_initialisation": "info of initialisation",
    "info_seed_order": "info of order",
}
_SAMPLED = {
    "info_task": "info of task",
    "info_dataset": "info of dataset",
    "info_seed": "info of seed",
    "l_info": "L-info",
    "info_task_quadratic": "quadratic, task",
    "info_dataset_quadratic": "quadratic, dataset",
    "info_seed_quadratic": "quadratic, seed",
    "cross_entropy_between": "cross-entropy between",
}
"""How the table calls what the record names."""


def informations(*names: str) -> Iterator[Comparison]:
    """A whole population, where plug-ins are the truth, and samples of several, corrected; or those of these names."""
    if not names or _WHOLE in names:
        yield from _whole_population()
    seeds = {case.name: 50 + index for index, case in enumerate(nested_cases())}
    for case in named(nested_cases(), names):
        yield from _samples(case, seed=seeds[case.name])


def _whole_population() -> Iterator[Comparison]:
    """All members of a small population are its own mixtures: nothing is left to correct."""
    system = CategoricalTeachers(
        tasks=2, datasets=3, initialisations=3, orders=2, inputs=6, task=0.7, dataset=0.5, initialisation=0.4, order=0.3
    )
    nesting = Nesting.regular(tasks=2, datasets=3, seeds=(3, 2))
    look = measure(nesting, system.log_p.flatten(0, 3).numpy(), blocks=(1, 2), permutations=0)
    truth, joint = system.exact(), system.exact(block=2)
    for name, shown in _EXACT.items():
        estimate = Estimate(look[f"{name}_plugin"].value, 0.0, Kind.EXACT)
        yield Comparison(_WHOLE, shown, truth[name], estimate, _TOLERANCE)
    both = Estimate(float(look["l_info_block_lower"].value[1]), 0.0, Kind.EXACT)
    yield Comparison(_WHOLE, "L-info, 2 inputs", joint["l_info"], both, _TOLERANCE)


def _samples(case: NestedCase, *, seed: int) -> Iterator[Comparison]:
    """Means over independent ensembles of six datasets with three seeds, or four tasks of three datasets."""
    design = _TASKS if case.several_tasks else (1, *_DESIGN)
    looks = list(case.measured(design, ENSEMBLES, seed=seed))
    for name, shown in _SAMPLED.items():
        if name not in case.truth or name not in looks[0].values:
            continue
        values = np.array([look[name].value for look in looks])
        error = float(values.std(ddof=1)) / len(values) ** 0.5
        estimate = Estimate(float(values.mean()), error, looks[0][name].kind, len(values) - 1)
        yield Comparison(case.name, shown, case.truth[name], estimate)


QUANTITIES = ("info_task", "info_dataset", "info_seed", "l_info", "info_dataset_quadratic", "info_seed_quadratic")
ROUTES = ("plugin", "first_order", "jackknife", "lower", "upper")


@dataclass(frozen=True, slots=True)
class Bias:
    """Where an estimator stands on average.

    Attributes:
        quantity: record name.
        route: ``reported``, or one of the others.
        truth: from the system's answers.
        mean: of the estimates.
        spread: their standard deviation.
        replicates: how many.
    """

    quantity: str
    route: str
    truth: float
    mean: float
    spread: float
    replicates: int

    @property
    def error(self) -> float:
        """Standard error of the mean over replicates."""
        return self.spread / self.replicates**0.5


@dataclass(frozen=True, slots=True)
class Calibration:
    """A design on a system: coverages of the reported estimates, and biases of every route."""

    system: str
    design: tuple[int, int, int]
    coverage: tuple[Coverage, ...]
    bias: tuple[Bias, ...]

    @property
    def clusters(self) -> int:
        """Number of draws of the design's outermost level."""
        return self.design[0] if self.design[0] > 1 else self.design[1]


def calibrate(case: NestedCase, design: tuple[int, int, int], replicates: int, *, seed: int = 29) -> Calibration:
    """Measure many ensembles of one design and hold them against the truth."""
    looks = list(case.measured(design, replicates, seed=seed))
    clusters = design[0] if design[0] > 1 else design[1]
    rows, biases = [], []
    for name in QUANTITIES:
        truth = case.truth.get(name)
        if truth is None or name not in looks[0].values:
            continue
        estimates = [look.values[name] for look in looks]
        values, errors = (np.array([getattr(each, part) for each in estimates]) for part in ("value", "error"))
        together = Estimate(values, errors, estimates[0].kind, estimates[0].degrees_of_freedom)
        rows.append(count(case.name, name, clusters, truth, together))
        biases.append(_bias(name, "reported", truth, values))
        for route in ROUTES:
            if f"{name}_{route}" in looks[0].values:
                of_route = np.array([look.values[f"{name}_{route}"].value for look in looks])
                biases.append(_bias(name, route, truth, of_route))
        if name == "info_dataset":
            contrast = np.array([look.values["info_dataset_contrast"].value for look in looks])
            biases.append(_bias(name, "contrast", truth, contrast))
    return Calibration(case.name, design, tuple(rows), tuple(biases))


def _bias(quantity: str, route: str, truth: float, values: np.ndarray) -> Bias:
    return Bias(quantity, route, truth, float(values.mean()), float(values.std(ddof=1)), len(values))


def designs(case: NestedCase) -> Iterator[tuple[int, int, int]]:
    """3 × 2, 6 × 3, 12 × 3 and 24 × 3, or as many tasks of three datasets with two seeds."""
    for clusters in (3, 6, 12, 24):
        if case.several_tasks:
            yield clusters, 3, 2
        else:
            yield 1, clusters, 2 if clusters == 3 else 3
