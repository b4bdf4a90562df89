"""Detailed balance of the parameters (Eq. 37): whether currents flow in the stationary state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import RecordError
from szilard.estimate import Estimate
from szilard.reservoir.linear import square, stationary_covariance
from szilard.reservoir.path_moments import PathMoments, covariances

_FLIPS = 1999


@dataclass(frozen=True)
class DetailedBalance:
    """How far from detailed balance.

    Attributes:
        irreversibility: turning over relaxing, squared; 0 where detailed balance holds. Freed of bias, so it may come
            out below 0.
        p_value: of the hypothesis that no current flows, by turning round whole blocks of the path.
        current: antisymmetric part of the correlation from one point to the next, in whitened coordinates.
        blocks: of the path.
    """

    irreversibility: Estimate
    p_value: float
    current: Float[ndarray, "dimension dimension"]
    blocks: int


def detailed_balance(
    path: Float[ndarray, "*members points dimension"], *, blocks: int | None = None, seed: int = 0
) -> DetailedBalance:
    """Whether a stationary path shows a current: the antisymmetric part of ``Cov(θ', θ) = MΣ``.

    For linear dynamics detailed balance holds if and only if MΣ is symmetric. The effect is
    :func:`irreversibility` of the fitted dynamics, from which the verdict is to be taken. The p-value is exact
    up to the dependence of neighbouring blocks and needs no model: under detailed balance a block and its reverse are
    equally likely, so that the signs of the blocks' currents are coins.

    Args:
        path: stationary, in two directions or more; leading dimensions are independent members.
        blocks: how many to cut it into; None: by its relaxation time.
        seed: of the signs.

    Raises:
        RecordError: for one direction (a stationary chain of one linear variable has detailed balance always), or a
            path that is too short, not finite, or does not move.

    Example:
        >>> from szilard.systems import Gyrator
        >>> found = detailed_balance(Gyrator(rate=0.1).simulate(1_000, members=20, seed=1).theta.numpy())
        >>> found.p_value < 0.01, found.irreversibility.interval()[0] > 0
        (True, True)
    """
    moments = PathMoments.of(path, blocks=blocks)
    if moments.dimension < 2:
        raise RecordError("one direction has detailed balance always: give a path in at least two.")
    before, after, _ = moments.covariances()
    root = _inverse_root(0.5 * (before + after))

    def antisymmetric(mean: ndarray) -> ndarray:
        lagged = root @ covariances(mean)[2] @ root
        return 0.5 * (lagged - np.swapaxes(lagged, -1, -2))

    per_block = antisymmetric(moments.each()) * moments.counts[:, None, None]
    estimate = moments.jackknife(_turning_over_relaxing, squares=moments.dimension * (moments.dimension - 1) // 2)
    return DetailedBalance(estimate, _flip_test(per_block, seed), antisymmetric(moments.whole()), moments.blocks)


def irreversibility(
    step_map: Float[ndarray, "dimension dimension"], step_noise: Float[ndarray, "dimension dimension"]
) -> float:
    """Turning over relaxing, squared, of ``θ' = Mθ + N(0, D)``: 0 if and only if detailed balance holds.

    With the whitened ``K = Σ^(−½) MΣ Σ^(−½)`` it is ``‖(K − Kᵀ)/2‖²/‖1 − (K + Kᵀ)/2‖²`` (Frobenius), which has
    a limit for small steps: the angle turned through in the time of relaxation, squared.

    Example:
        >>> A = np.array([[1.5, -0.5], [-0.5, 1.5]])
        >>> round(irreversibility(np.eye(2) - 0.001 * A, 0.002 * np.diag([1.0, 0.1])), 3)
        0.128
    """
    step_map = square("step_map", step_map)
    covariance = stationary_covariance(step_map, step_noise)
    root = _inverse_root(covariance)
    return float(_share(root @ step_map @ covariance @ root))


def _turning_over_relaxing(mean: ndarray) -> ndarray:
    before, after, lagged = covariances(mean)
    root = _inverse_root(0.5 * (before + after))
    return _share(root @ lagged @ root)


def _share(whitened: Float[ndarray, "*batch dimension dimension"]) -> ndarray:
    transposed = np.swapaxes(whitened, -1, -2)
    turning = np.square(0.5 * (whitened - transposed)).sum((-2, -1))
    relaxing = np.square(np.eye(whitened.shape[-1]) - 0.5 * (whitened + transposed)).sum((-2, -1))
    return np.asarray(turning / relaxing)


def _inverse_root(covariance: Float[ndarray, "*batch dimension dimension"]) -> ndarray:
    values, vectors = np.linalg.eigh(covariance)
    if (values[..., 0] <= 1e-12 * values[..., -1]).any():
        raise RecordError("the path does not move in some direction: leave out what does not move of its own.")
    return (vectors / np.sqrt(values)[..., None, :]) @ np.swapaxes(vectors, -1, -2)


def _flip_test(per_block: Float[ndarray, "blocks dimension dimension"], seed: int) -> float:
    """Share of random signs whose total current is at least as large as the one seen, itself included."""
    rows = per_block.reshape(len(per_block), -1)
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(_FLIPS, len(rows)))
    seen = float(np.square(rows.sum(0)).sum())
    flipped = np.square(signs @ rows).sum(1)
    return float(1 + np.count_nonzero(flipped >= seen * (1 - 1e-12))) / (1 + _FLIPS)
