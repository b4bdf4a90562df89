"""A stopping point that needs no labels: where members of different datasets disagree least."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from szilard.distributions import student_quantiles
from szilard.errors import SpecError
from szilard.numbers import percent

_FEWEST = 3
"""Clusters for an error bar."""


@dataclass(frozen=True, slots=True)
class StoppingPoint:
    """Where ``cross_entropy_between`` is least, and what stopping there means.

    Attributes:
        step: the training step of the minimum.
        index: its place among the records.
        value: ``cross_entropy_between`` there, nats per input.
        error: of it.
        resolved: whether the curve rises again beyond the error of the difference after the minimum; where it
            does not, the minimum may lie further on (or at the end), and nothing says that one should stop.
        loss: test loss there; NaN unless it was given, as all below.
        best_step: where the test loss is least.
        best_loss: the test loss there.
        cost: ``loss/best_loss − 1``: what stopping here loses against the best point, which only labels could find.
        saving: ``1 − loss/last_loss``: what it gains against training to the end; negative where it loses.
    """

    step: int
    index: int
    value: float
    error: float
    resolved: bool
    loss: float = math.nan
    best_step: int | None = None
    best_loss: float = math.nan
    cost: float = math.nan
    saving: float = math.nan

    def __str__(self) -> str:
        where = f"cross-entropy between datasets is least at step {self.step}"
        if not self.resolved:
            return f"{where}, and does not rise again beyond its error: no label-free stopping point in this run."
        if math.isnan(self.loss):
            return f"{where}: stop there, as far as predictions alone can tell."
        end = f"{percent(abs(self.saving))} {'below' if self.saving >= 0 else 'above'} that at the end"
        if self.saving < 0:
            return f"{where}, no good stop: the test loss there is {percent(self.cost)} above the best, {end}."
        return f"{where}; the test loss there is {percent(self.cost)} above the best, {end}."


def label_free_stop(
    steps: Int[ndarray, " records"],
    cross_entropy_between: Float[ndarray, " records"],
    error: Float[ndarray, " records"] | float = 0.0,
    test_loss: Float[ndarray, " records"] | None = None,
    deleted: Float[ndarray, "records clusters"] | None = None,
) -> StoppingPoint:
    """The minimum of ``S_{X|Θ} + mean pairwise KL`` over members of different datasets along training.

    Args:
        steps: training steps of the records.
        cross_entropy_between: at each of them; NaN where it is not known.
        error: of each. Errors of one run's records are strongly correlated: taken as independent, as they are without
            ``deleted``, they let ``resolved`` be said too rarely rather than too often.
        test_loss: mean over the ensemble on labelled data, if there is any; it only judges the point, it is not used
            to find it.
        deleted: the curve with one outermost cluster left out after another, as the record holds it: what pairs the
            errors of two records. At least three clusters count.

    Raises:
        SpecError: for curves of unequal lengths, or without a single number.

    Example:
        >>> point = label_free_stop([0, 10, 20, 40], [2.3, 0.9, 0.8, 1.5], 0.05, test_loss=[2.3, 0.70, 0.75, 1.2])
        >>> print(point)
        cross-entropy between datasets is least at step 20; the test loss there is 7 % above the best, 38 % below ...
    """
    where = np.asarray(steps)
    curve = np.asarray(cross_entropy_between, dtype=np.float64)
    errors = np.broadcast_to(np.asarray(error, dtype=np.float64), curve.shape)
    if where.shape != curve.shape or curve.ndim != 1:
        raise SpecError(f"there are {where.size} steps and {curve.size} values: give one for each.")
    if not np.isfinite(curve).any():
        raise SpecError("cross_entropy_between is nowhere known: it needs two datasets of one task.")
    index = int(np.nanargmin(curve))
    rise = curve[index + 1 :] - curve[index]
    beyond = 2 * np.hypot(np.nan_to_num(errors[index + 1 :]), np.nan_to_num(errors[index]))
    if deleted is not None:
        beyond = _paired(np.asarray(deleted, dtype=np.float64), index, beyond)
    resolved = bool((rise > beyond).any())
    point = StoppingPoint(int(where[index]), index, float(curve[index]), float(errors[index]), resolved)
    return point if test_loss is None else _judged(point, where, np.asarray(test_loss, dtype=np.float64))


def _paired(deleted: ndarray, index: int, otherwise: ndarray) -> ndarray:
    """Half widths of 95 % intervals of the rise since the minimum, by deleting the same clusters from both ends."""
    rises = deleted[index + 1 :] - deleted[index]
    known = np.isfinite(rises).sum(-1)
    if not len(rises) or known.min() < _FEWEST:
        return otherwise
    square = np.nansum((rises - np.nanmean(rises, -1, keepdims=True)) ** 2, -1)
    return np.asarray(student_quantiles(0.975, known - 1) * np.sqrt((known - 1) / known * square))


def _judged(point: StoppingPoint, steps: ndarray, loss: ndarray) -> StoppingPoint:
    if loss.shape != steps.shape:
        raise SpecError(f"there are {steps.size} steps and {loss.size} test losses: give one for each.")
    best, here, last = int(np.nanargmin(loss)), float(loss[point.index]), float(loss[-1])
    return StoppingPoint(
        point.step,
        point.index,
        point.value,
        point.error,
        point.resolved,
        here,
        int(steps[best]),
        float(loss[best]),
        here / float(loss[best]) - 1,
        1 - here / last,
    )
