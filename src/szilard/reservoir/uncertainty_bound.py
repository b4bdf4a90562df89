"""A lower bound on entropy production from currents in a few directions (thermodynamic uncertainty)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind
from szilard.reservoir.path_moments import checked, choose_blocks, jackknifed

_FEWEST = 6


@dataclass(frozen=True)
class UncertaintyBound:
    """What the currents prove.

    Attributes:
        rate: EP per step that the current proves, nats, kind ``lower``; debiased, so it may be below 0.
        current: the mean current in units of its own standard deviation, sign included.
        weights: antisymmetric; the current of a step is ``½ xᵀ W x'``. That of the whole path where it was given, the
            mean of those of the two halves where it was learned.
    """

    rate: Estimate
    current: Estimate
    weights: Float[ndarray, "directions directions"]


def uncertainty_bound(
    series: Float[ndarray, "*members points directions"],
    *,
    window: int = 1,
    weights: Float[ndarray, "directions directions"] | None = None,
    blocks: int | None = None,
) -> UncertaintyBound:
    """EP per step at least ``(2/n) y tanh y``, ``y = arsinh(|⟨J⟩|/√Var J)``, J an area current over n steps.

    ``J = ½ Σ_t x_tᵀ W x_{t+1}`` with W antisymmetric changes its sign under reversal of time, and so obeys the
    fluctuation theorem's own uncertainty relation (Timpanaro et al., PRL 123, 090604, 2019), which holds for chains in
    discrete time and any window; for small currents it is the familiar ``2⟨J⟩²/(n Var J)`` (Barato & Seifert 2015),
    which by itself holds only in continuous time. Few directions of many are a coarse view: the bound stays one.

    Without ``weights`` the best ones, ``W ∝ Cov(J)⁻¹⟨J⟩``, are learned on one half of the path and tested on
    the other, and the other way round: the best of many currents on the path itself would prove too much.

    Args:
        series: x, stationary: projections of the parameters; leading dimensions are independent members.
        window: n, steps over which the current is added up; one step is the sharpest where noise is white.
        weights: W; None: learned.
        blocks: for the jackknife of each half; None: by the relaxation time.

    Raises:
        RecordError: for fewer than two directions, too short a series, or weights that are not antisymmetric.

    Example:
        >>> from szilard.systems import Gyrator
        >>> gyrator = Gyrator(rate=0.1)
        >>> bound = uncertainty_bound(gyrator.simulate(1_000, members=20, seed=1).theta.numpy())
        >>> truth = gyrator.exact()["ep_rate"]
        >>> 0 < bound.rate.value - 2 * bound.rate.error < bound.rate.value < truth
        True
    """
    series = checked("series", series)
    flat = series.reshape(-1, *series.shape[-2:])
    flat = flat - flat.mean((0, 1))
    if flat.shape[-1] < 2:
        raise RecordError("a current needs two directions: give at least two.")
    if window < 1 or flat.shape[1] <= window:
        raise RecordError(f"no window of {window} steps fits into {flat.shape[1]} points: give 1 or more, and fewer.")
    blocks = blocks or choose_blocks(series)
    areas = _areas(flat, window)
    if weights is not None:
        vector = _vector(weights, flat.shape[-1])
        rate, current = _bound(_blocks(areas, blocks), vector, window)
        return UncertaintyBound(rate, current, np.asarray(weights, dtype=np.float64))
    first, second = _halves(areas)
    sides, learned = [], []
    for here, there in ((first, second), (second, first)):
        vector = _best(there)
        learned.append(vector / np.linalg.norm(vector))
        sides.append(_bound(_blocks(here, max(blocks // 2, _FEWEST)), vector, window))
    rate = _mean(sides[0][0], sides[1][0])
    return UncertaintyBound(rate, _mean(sides[0][1], sides[1][1]), _matrix(learned[0] + learned[1], flat.shape[-1]))


def bound_of_current(current: float | ndarray, window: int = 1) -> ndarray:
    """EP per step proved by a current of that many standard deviations over ``window`` steps, nats.

    Example:
        >>> round(float(bound_of_current(0.01)), 6)
        0.0002
    """
    y = np.arcsinh(np.abs(current))
    return np.asarray(2 * y * np.tanh(y) / window)


def _areas(flat: Float[ndarray, "members points directions"], window: int) -> Float[ndarray, "members windows pairs"]:
    """``½(x_i x'_j − x_j x'_i)`` for all pairs i < j, added up over windows that do not overlap."""
    rows, columns = np.triu_indices(flat.shape[-1], 1)
    before, after = flat[:, :-1], flat[:, 1:]
    steps = 0.5 * (before[..., rows] * after[..., columns] - before[..., columns] * after[..., rows])
    windows = steps.shape[1] // window
    return steps[:, : windows * window].reshape(len(flat), windows, window, -1).sum(2)


def _halves(areas: Float[ndarray, "members windows pairs"]) -> tuple[ndarray, ndarray]:
    """The two halves of the members where there are many, of the time otherwise."""
    if len(areas) >= 2 * _FEWEST:
        return areas[::2], areas[1::2]
    half = areas.shape[1] // 2
    return areas[:, :half], areas[:, half:]


def _best(areas: Float[ndarray, "members windows pairs"]) -> Float[ndarray, " pairs"]:
    rows = areas.reshape(-1, areas.shape[-1])
    covariance = np.atleast_2d(np.cov(rows.T))
    if not covariance.any():
        raise RecordError("the series does not move: no current can be learned from it.")
    return np.linalg.lstsq(covariance, rows.mean(0), rcond=None)[0]


def _blocks(areas: Float[ndarray, "members windows pairs"], blocks: int) -> list[Float[ndarray, "windows pairs"]]:
    per_member = math.ceil(blocks / len(areas))
    if areas.shape[1] < 2 * per_member:
        raise RecordError(
            f"{areas.shape[1]} windows cannot be cut into {per_member} blocks: give a longer series or smaller windows."
        )
    return [piece for member in areas for piece in np.array_split(member, per_member)]


def _bound(pieces: list[ndarray], vector: Float[ndarray, " pairs"], window: int) -> tuple[Estimate, Estimate]:
    """Jackknifed bound and current of ``J = areas · vector``."""
    currents = [piece @ vector for piece in pieces]
    counts = np.array([len(each) for each in currents], dtype=np.float64)
    sums = np.array([each.sum() for each in currents])
    squares = np.array([np.square(each).sum() for each in currents])

    def scaled(count: ndarray, total: ndarray, square: ndarray) -> ndarray:
        mean = total / count
        return mean / np.sqrt(square / count - mean**2)

    whole = scaled(counts.sum(), sums.sum(), squares.sum())
    left = scaled(counts.sum() - counts, sums.sum() - sums, squares.sum() - squares)
    rate = jackknifed(bound_of_current(whole, window), bound_of_current(left, window), Kind.LOWER, squares=1)
    return rate, jackknifed(np.asarray(whole), left, Kind.ASYMPTOTIC)


def _mean(first: Estimate, second: Estimate) -> Estimate:
    """The mean of two independent estimates, with Welch's degrees of freedom."""
    one, two = first.error**2, second.error**2
    total = one + two
    degrees = first.degrees_of_freedom
    if total > 0:
        degrees = total**2 / (one**2 / first.degrees_of_freedom + two**2 / second.degrees_of_freedom)
    return Estimate(0.5 * (first.value + second.value), 0.5 * math.sqrt(total), first.kind, degrees)


def _vector(weights: ndarray, directions: int) -> Float[ndarray, " pairs"]:
    weights = np.asarray(weights, dtype=np.float64)
    if weights.shape != (directions, directions) or not np.allclose(weights, -weights.T) or not weights.any():
        raise RecordError(f"weights must be an antisymmetric matrix of {directions} directions, and not all 0.")
    return weights[np.triu_indices(directions, 1)]


def _matrix(vector: Float[ndarray, " pairs"], directions: int) -> Float[ndarray, "directions directions"]:
    matrix = np.zeros((directions, directions))
    matrix[np.triu_indices(directions, 1)] = vector
    return matrix - matrix.T
