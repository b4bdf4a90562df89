"""The canonical state of the parameters (Eq. 36): one temperature for all directions.

Are these groups of parameters in mutual equilibrium: one temperature, or several reservoirs (paper Section 6.2)?
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.distributions import chi_square_tail, f_tail
from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind
from szilard.reservoir.contrasts import Largest, largest_contrast
from szilard.reservoir.path_moments import PathMoments, covariances

_RANK = 1e-20
"""Of squared temperatures: what float64 leaves of a difference of two that are alike."""
_FEWEST_GROUPS, _SPARE, _TAILS = 6, 3, 1
"""Of the test: blocks at least, those beyond the directions, and the degrees of freedom that tails of squares cost."""


@dataclass(frozen=True)
class Canonical:
    """How far from canonical.

    Attributes:
        temperature: mean over directions of ``⟨(θ_i − θ̄_i)∂_iU⟩``, in units of the loss.
        temperatures: of each direction.
        anisotropy: ``‖G/T − 1‖²/d`` of ``G = ⟨(θ − θ̄)∇Uᵀ⟩``, 0 in a canonical state; freed of bias, may be below 0.
            It does not depend on the choice of axes.
        log_variance: variance of ln T over the given directions, freed of bias, may be below 0; NaN where a
            temperature is not positive.
        p_value: of equal temperatures: Hotelling's T² of what each block adds to the logarithms of the temperatures
            (of temperatures where one is not positive), in pairs of blocks; NaN with fewer blocks than directions + 2.
            Sizes and powers, also of paths that are short beside the slowest relaxation: docs/sizes.md.
        blocks: of the path.
    """

    temperature: Estimate
    temperatures: Estimate
    anisotropy: Estimate
    log_variance: Estimate
    p_value: float
    blocks: int


def canonical(
    theta: Float[ndarray, "*members points dimension"],
    force: Float[ndarray, "*members points dimension"],
    *,
    blocks: int | None = None,
) -> Canonical:
    """Whether θ is distributed as ``e^{−U/T}``: then ``⟨(θ_i − θ̄_i) ∂_jU⟩ = T δ_ij``, whatever U is.

    The paper's Eq. 36 with T not set to 1. Linear SGD fulfils it for C ∝ 1 and r → 0 alone; a gyrator, or two layers
    of different noise, do not. Detailed balance (:func:`~szilard.reservoir.detailed_balance`) is another question:
    independent directions of different temperatures have it, and are not canonical.

    Args:
        theta: stationary parameters, or projections of them on directions.
        force: ∇U at the same points, or its projections; an unbiased sample of it that is independent of the step
            that led there serves as well (the batch about to be taken).
        blocks: how many to cut the path into; None: by its relaxation time.

    Raises:
        RecordError: for fewer than two directions, a path that is too short or not finite, or one that has no
            temperature: it does not move, or feels no force.

    Example:
        >>> from szilard.systems import HeavyBall
        >>> motion = HeavyBall(curvature=(1.0, 3.0), noise=(2.0, 0.5), rate=0.05).simulate(1_000, members=20, seed=1)
        >>> found = canonical(motion.theta.numpy(), motion.force.numpy())
        >>> found.anisotropy.interval()[0] > 0.1, found.p_value < 1e-3
        (True, True)
    """
    moments = PathMoments.of_two(theta, force, blocks=blocks)
    d = moments.dimension
    if d < 2:
        raise RecordError("one direction has one temperature: give at least two.")

    if (
        not np.abs(_diagonal(moments.whole()).mean()) > 0
        or not (np.abs(_diagonal(moments.left_out()).mean(-1)) > 0).all()
    ):
        raise RecordError("the path does not move, or feels no force: it has no temperature to compare directions by.")

    return Canonical(
        temperature=moments.jackknife(lambda mean: _diagonal(mean).mean(-1)),
        temperatures=moments.jackknife(_diagonal),
        anisotropy=moments.jackknife(_anisotropy, squares=d - 1),
        log_variance=moments.jackknife(_log_variance, squares=d - 1),
        p_value=_hotelling(_pseudo_values(moments.merged(_groups(moments)))),
        blocks=moments.blocks,
    )


def _matrix(mean: ndarray) -> ndarray:
    """⟨(θ_i − θ̄_i) ∂_jU⟩ from means of products, shape (…, dimension, dimension)."""
    return np.swapaxes(covariances(mean)[2], -1, -2)


def _diagonal(mean: ndarray) -> ndarray:
    """The temperature of each direction, shape (…, dimension)."""
    return np.diagonal(_matrix(mean), axis1=-2, axis2=-1)


def _anisotropy(mean: ndarray) -> ndarray:
    """Squared distance of the matrix over its mean temperature from the unit matrix, per direction."""
    relative = _matrix(mean) / _diagonal(mean).mean(-1)[..., None, None]
    d = relative.shape[-1]
    return np.asarray(np.square(relative - np.eye(d)).sum((-2, -1)) / d)


def _log_variance(mean: ndarray) -> ndarray:
    """Variance over directions of the logarithm of their temperature; NaN where one is not positive."""
    values = _diagonal(mean)
    logs = np.log(np.where((values > 0).all(-1, keepdims=True), values, math.nan))
    return np.asarray(logs.var(-1, ddof=1))


def _groups(moments: PathMoments) -> int:
    """Blocks in pairs: those of the slowest direction are a little alike from one to the next."""
    return min(moments.blocks, max(_FEWEST_GROUPS, moments.dimension + _SPARE, moments.blocks // 2))


def _pseudo_values(moments: PathMoments) -> Float[ndarray, "blocks dimension"]:
    """What each block adds to ln T of each direction, ``B ln T − (B−1) ln T₋``; of T where one is not positive.

    About the mean of the *whole* path: about a block's own mean slow directions are colder than fast ones. Logarithms,
    because the error of a variance goes with it: few excursions of a slow direction make it small and sure at once.
    """
    whole, left = _diagonal(moments.whole()), _diagonal(moments.left_out())
    if (whole > 0).all() and (left > 0).all():
        whole, left = np.log(whole), np.log(left)
    return np.asarray(moments.blocks * whole - (moments.blocks - 1) * left)


def _hotelling(values: Float[ndarray, "blocks dimension"]) -> float:
    """The p-value of the hypothesis that all directions have the same mean.

    Combinations of directions that never vary from block to block (copies of one another, or directions at rest) either
    have the same mean to float error, and say nothing, or differ for certain.
    """
    blocks, d = values.shape
    if blocks < d:
        return math.nan
    contrasts = values[:, 1:] - values[:, :-1]
    spreads, vectors = np.linalg.eigh(np.atleast_2d(np.cov(contrasts.T)))
    least = _RANK * blocks**2 * np.square(values).mean()
    varying = spreads > least
    mean = contrasts.mean(0) @ vectors
    if (np.square(mean[~varying]) > least).any():
        return 0.0
    rank = int(varying.sum())
    if not rank:
        return 1.0
    statistic = blocks * float(np.square(mean[varying]) @ (1 / spreads[varying]))
    degrees = blocks - 1 - _TAILS
    if degrees < rank:
        return math.nan
    return f_tail(statistic * (degrees + 1 - rank) / (rank * degrees), rank, degrees + 1 - rank)


@dataclass(frozen=True, slots=True)
class MutualEquilibrium:
    """What several temperatures say of one another.

    Attributes:
        common: the temperature that all would share, the weighted geometric mean.
        statistic: of the logarithms' distances from it, over groups − 1; 1 on average if they share it.
        p_value: of one temperature.
        largest: the largest |ln(T_i/T_j)| with its simultaneous interval and the two groups.
        spread: standard deviation of ln T between groups, beyond what errors explain (DerSimonian and Laird's, squared
            and signed: negative where the groups are more alike than their errors).
    """

    common: Estimate
    statistic: float
    p_value: float
    largest: Largest
    spread: float


def mutual_equilibrium(temperatures: Sequence[Estimate], level: float = 0.95) -> MutualEquilibrium:
    """Whether independent group temperatures are one, by an analysis of variance of their logarithms.

    With known errors this is Cochran's Q; Alexander and Govern (J. Educ. Stat. 19, 91, 1994) allow for errors that are
    themselves estimated, and keep their size for many groups of few draws, where Welch's F does not.

    Args:
        temperatures: of the groups, positive, errors independent.
        level: of the interval.

    Raises:
        RecordError: with fewer than two groups, or a temperature that is not positive or has no error: a group that
            is not stationary has no temperature to be compared.

    Example:
        >>> cold, warm = Estimate(1.0, 0.1, Kind.UNBIASED), Estimate(3.0, 0.3, Kind.UNBIASED)
        >>> found = mutual_equilibrium([cold, cold, warm])
        >>> found.p_value < 1e-6, found.largest.where, found.largest.beyond(0.5)
        (True, (0, 2), True)
    """
    count = len(temperatures)
    if count < 2:
        raise RecordError(f"{count} group is in equilibrium with nothing: give two or more temperatures.")
    values = np.array([float(t.value) for t in temperatures])
    relative = np.array([float(t.error) for t in temperatures]) / np.where(values > 0, values, np.nan)
    degrees = np.array([t.degrees_of_freedom for t in temperatures])
    wrong = np.flatnonzero(~(np.isfinite(relative) & (relative > 0) & (degrees > 0)))
    if len(wrong):
        raise RecordError(
            f"groups {wrong.tolist()} have a temperature of {values[wrong].tolist()}, or no error to it: "
            "only positive temperatures with errors can be compared."
        )
    logs = np.log(values)
    statistic = _alexander_govern(logs, relative, degrees)
    weights = relative**-2
    mean = float(weights @ logs / weights.sum())
    common = float(np.exp(mean))
    heterogeneity = float(weights @ (logs - mean) ** 2)
    excess = (heterogeneity - (count - 1)) / (weights.sum() - (weights**2).sum() / weights.sum())
    return MutualEquilibrium(
        Estimate(common, common * float(weights.sum()) ** -0.5, Kind.HYPOTHESIS, float(degrees.min())),
        statistic / (count - 1),
        chi_square_tail(statistic, count - 1),
        largest_contrast(logs, relative, degrees, level),
        float(np.copysign(np.sqrt(abs(excess)), excess)),
    )


def _alexander_govern(means: np.ndarray, errors: np.ndarray, degrees: np.ndarray) -> float:
    """Σ z² of the distances from the weighted mean, each t made a normal z by Hill's transformation."""
    weights = errors**-2
    t = (means - weights @ means / weights.sum()) / errors
    known = np.isinf(degrees)
    finite = np.where(known, 1.0, degrees)
    a = finite - 0.5
    b = 48 * a**2
    c = np.sqrt(a * np.log1p(t**2 / finite))
    third = (c**3 + 3 * c) / b
    fifth = (4 * c**7 + 33 * c**5 + 240 * c**3 + 855 * c) / (10 * b**2 + 8 * b * c**4 + 1000 * b)
    return float(np.square(np.where(known, t, c + third - fifth)).sum())
