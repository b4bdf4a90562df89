"""How often the intervals of nested informations hold the truth, and how far the estimates are off on average."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from szilard.estimate import Estimate
from szilard.verify.coverage import Coverage, count
from szilard.verify.nested import NestedCase

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
