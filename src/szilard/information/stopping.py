"""A stopping point that needs no labels: where members of different datasets disagree least."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from szilard.distributions import student_quantile
from szilard.errors import SpecError
from szilard.numbers import percent

_FEWEST, _FOLDS = 3, 6
"""Clusters for an error bar; and at most so many folds of them: single ones of many choose all but the same records."""
_LEVEL = 0.015
"""One-sided; that the folds have clusters in common makes up to 6 % of it (docs/sizes.md)."""


@dataclass(frozen=True, slots=True)
class StoppingPoint:
    """Where ``cross_entropy_between`` is least, and what stopping there means.

    Attributes:
        step: the training step of the minimum.
        index: its place among the records.
        value: ``cross_entropy_between`` there, nats per input.
        error: of it.
        resolved: whether the curve rises again after the minimum, beyond what chance makes of a selected minimum and
            many later records: in at most 6 % of ensembles in which nothing changes (docs/sizes.md). Where it does not,
            the minimum may lie further on (or at the end), and nothing says that one should stop.
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
            errors of two records: groups of clusters are asked one after another whether the curve rises between two
            records that the others chose (Student's t). At least three clusters count.

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
    resolved = index < len(curve) - 1
    if resolved:
        paired = None if deleted is None else _folds(curve, np.asarray(deleted, dtype=np.float64))
        resolved = _rises(paired) if paired is not None else _rises_beyond(curve, np.nan_to_num(errors))
    point = StoppingPoint(int(where[index]), index, float(curve[index]), float(errors[index]), resolved)
    return point if test_loss is None else _judged(point, where, np.asarray(test_loss, dtype=np.float64))


def _folds(curve: Float[ndarray, " records"], deleted: Float[ndarray, "records clusters"]) -> ndarray | None:
    """What each of a few groups of clusters adds to the curve, (records, folds); None with fewer than three clusters.

    ``K C − (K−1) C₋ₖ`` of each cluster, averaged over those of a fold, at records where all of it is known.
    """
    clusters = np.isfinite(deleted).any(0)
    deleted = deleted[:, clusters]
    known = np.isfinite(curve) & np.isfinite(deleted).all(1)
    count = deleted.shape[1]
    if count < _FEWEST or known.sum() < 2:
        return None
    values = count * curve[known, None] - (count - 1) * deleted[known]
    return np.stack([part.mean(1) for part in np.array_split(values, min(count, _FOLDS), axis=1)], 1)


def _rises(folds: Float[ndarray, "records folds"]) -> bool:
    """Whether the curve rises after its minimum, each fold asked between two records that the others chose.

    So neither the selected minimum nor the many later records are chances of the fold that is asked.
    """
    count = folds.shape[1]
    rises = np.zeros(count)
    for fold in range(count):
        others = np.delete(folds, fold, axis=1).mean(1)
        low = int(others.argmin())
        if low < len(others) - 1:
            high = low + 1 + int(others[low + 1 :].argmax())
            rises[fold] = folds[high, fold] - folds[low, fold]
    error = rises.std(ddof=1) / math.sqrt(count)
    return bool(rises.mean() > student_quantile(1 - _LEVEL, count - 1) * error)


def _rises_beyond(curve: Float[ndarray, " records"], errors: Float[ndarray, " records"]) -> bool:
    """The same from errors alone, taken as independent and known, allowing for every pair of records."""
    known = np.isfinite(curve)
    curve, errors = curve[known], errors[known]
    low = int(curve.argmin())
    pairs = len(curve) * (len(curve) - 1) / 2
    width = student_quantile(1 - _LEVEL / max(pairs, 1.0), math.inf) * np.hypot(errors[low + 1 :], errors[low])
    return bool((curve[low + 1 :] - curve[low] > width).any())


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
