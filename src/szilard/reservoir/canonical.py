"""The canonical state of the parameters (Eq. 36): one temperature for all directions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.distributions import f_tail
from szilard.errors import RecordError
from szilard.estimate import Estimate
from szilard.reservoir.path_moments import PathMoments, covariances

_RANK = 1e-20
"""Of squared temperatures: what float64 leaves of a difference of two that are alike."""


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
        p_value: of equal temperatures (Hotelling's T² over blocks); NaN with fewer blocks than directions + 1.
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

    def matrix(mean: ndarray) -> ndarray:
        return np.swapaxes(covariances(mean)[2], -1, -2)

    def diagonal(mean: ndarray) -> ndarray:
        return np.diagonal(matrix(mean), axis1=-2, axis2=-1)

    def anisotropy(mean: ndarray) -> ndarray:
        relative = matrix(mean) / diagonal(mean).mean(-1)[..., None, None]
        return np.square(relative - np.eye(d)).sum((-2, -1)) / d

    if (
        not np.abs(diagonal(moments.whole()).mean()) > 0
        or not (np.abs(diagonal(moments.left_out()).mean(-1)) > 0).all()
    ):
        raise RecordError("the path does not move, or feels no force: it has no temperature to compare directions by.")

    def log_variance(mean: ndarray) -> ndarray:
        values = diagonal(mean)
        logs = np.log(np.where((values > 0).all(-1, keepdims=True), values, math.nan))
        return np.asarray(logs.var(-1, ddof=1))

    return Canonical(
        temperature=moments.jackknife(lambda mean: diagonal(mean).mean(-1)),
        temperatures=moments.jackknife(diagonal),
        anisotropy=moments.jackknife(anisotropy, squares=d - 1),
        log_variance=moments.jackknife(log_variance, squares=d - 1),
        p_value=_hotelling(diagonal(moments.each())),
        blocks=moments.blocks,
    )


def _hotelling(temperatures: Float[ndarray, "blocks dimension"]) -> float:
    """The p-value of the hypothesis that all directions have the same mean.

    Combinations of directions that never vary from block to block (copies of one another, or directions at rest) either
    have the same mean to float error, and say nothing, or differ for certain.
    """
    blocks, d = temperatures.shape
    if blocks < d:
        return math.nan
    contrasts = temperatures[:, 1:] - temperatures[:, :-1]
    values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(contrasts.T)))
    varying = values > _RANK * np.square(temperatures).mean()
    mean = contrasts.mean(0) @ vectors
    if (np.square(mean[~varying]) > _RANK * np.square(temperatures).mean()).any():
        return 0.0
    rank = int(varying.sum())
    if not rank:
        return 1.0
    statistic = blocks * float(np.square(mean[varying]) @ (1 / values[varying]))
    return f_tail(statistic * (blocks - rank) / (rank * (blocks - 1)), rank, blocks - rank)
