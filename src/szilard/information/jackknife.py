"""Errors from deleting one outermost cluster at a time, with Student's t on their number less one."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.estimate import Estimate, Kind
from szilard.information.nesting import Nesting


def estimate(
    value: Float[ndarray, "*extra"] | float,
    replicates: Float[ndarray, " groups *extra"],
    nesting: Nesting,
    kind: Kind,
) -> Estimate:
    """``value`` with the delete-one-cluster jackknife error of its ``replicates``.

    For G groups of equal size ``error² = (G−1)/G Σ_g (θ_{−g} − θ̄)²``; with ``h_g = K/m_g``, m_g clusters in group g of
    K in all, ``error² = (1/G) Σ_g [h_g θ − (h_g−1) θ_{−g} − θ_J]²/(h_g−1)``, ``θ_J = G θ − Σ_g (1 − 1/h_g) θ_{−g}``
    (Busing, Meijer and van der Leeden 1999), which is the same where all m_g are 1. NaN where there is no error.
    """
    value = np.asarray(value, dtype=np.float64)
    error = standard_error(value, replicates, nesting)
    degrees = float(nesting.groups - 1)
    if value.ndim == 0:
        return Estimate(float(value), float(error), kind, degrees)
    return Estimate(value, error, kind, degrees)


def standard_error(value: ndarray, replicates: ndarray, nesting: Nesting) -> ndarray:
    """The error alone; NaN for clusters that are not independent or fewer than two."""
    groups = nesting.groups
    if groups < 2 or (nesting.outermost == "seed" and nesting.crossed):
        return np.full_like(value, math.nan)
    share = nesting.clusters / np.bincount(nesting.group_of_cluster)
    share = share.reshape(-1, *[1] * value.ndim)
    centre = groups * value - ((1 - 1 / share) * replicates).sum(0)
    pseudo = share * value - (share - 1) * replicates - centre
    return np.sqrt((pseudo**2 / (share - 1)).mean(0))


def cluster_weights(nesting: Nesting) -> Float[ndarray, "deletions members"]:
    """Share of each member in the mixture of all: of the whole ensemble first, then with each group deleted."""
    left = np.ones((nesting.groups + 1, nesting.members))
    left[1:][nesting.group_of == np.arange(nesting.groups)[:, None]] = 0.0
    weights = left * nesting.weights
    total = weights.sum(1, keepdims=True)
    return np.divide(weights, total, out=np.full_like(weights, math.nan), where=total > 0)


def ensemble_mean(
    nesting: Nesting, per_member: Float[ndarray, " members *extra"], *, kind: Kind = Kind.UNBIASED
) -> Estimate:
    """Mean over the ensemble, every cluster of a level weighing the same, with its error over outermost clusters.

    Args:
        nesting: of the members.
        per_member: a quantity of each of them (work, heat, loss, accuracy, …).
        kind: of the mean as an estimate for the population of trainings.
    """
    means = deletion_means(nesting, per_member)
    return estimate(means[0], means[1:], nesting, kind)


def deletion_means(nesting: Nesting, per_member: ndarray) -> Float[ndarray, " deletions *extra"]:
    """The mean over the ensemble, then the same with each group of clusters deleted."""
    values = np.asarray(per_member, dtype=np.float64)
    return np.tensordot(cluster_weights(nesting), values, 1)
