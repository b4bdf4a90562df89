"""Errors from deleting one outermost cluster at a time, with Student's t on their number less one."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.estimate import Estimate, Kind
from szilard.information.nesting import Nesting


def estimate(
    value: Float[ndarray, "*extra"] | float,
    replicates: Float[ndarray, " clusters *extra"],
    nesting: Nesting,
    kind: Kind,
) -> Estimate:
    """``value`` with the delete-one-cluster jackknife error of its ``replicates``.

    With K clusters, on K − 1 degrees of freedom, ``error² = (K−1)/K Σ_k (θ_{−k} − θ̄)²``; NaN where there is no error.
    """
    value = np.asarray(value, dtype=np.float64)
    error = standard_error(value, replicates, nesting)
    degrees = float(nesting.clusters - 1)
    if value.ndim == 0:
        return Estimate(float(value), float(error), kind, degrees)
    return Estimate(value, error, kind, degrees)


def estimates(
    rows: Mapping[str, Float[ndarray, deletions * extra]], nesting: Nesting, kinds: Mapping[str, Kind]
) -> dict[str, Estimate]:
    """:func:`estimate` of many names, whose rows are the value and its replicates; single numbers all at once."""
    single = [name for name, values in rows.items() if values.ndim == 1]
    table = np.stack([rows[name] for name in single], 1)
    errors = dict(zip(single, standard_error(table[0], table[1:], nesting).tolist(), strict=True))
    degrees = float(nesting.clusters - 1)
    return {
        name: Estimate(float(values[0]), errors[name], kinds[name], degrees)
        if name in errors
        else estimate(values[0], values[1:], nesting, kinds[name])
        for name, values in rows.items()
    }


def standard_error(value: ndarray, replicates: ndarray, nesting: Nesting) -> ndarray:
    """The error alone; NaN for clusters that are not independent or fewer than two."""
    clusters = nesting.clusters
    if clusters < 2 or (nesting.outermost == "seed" and nesting.crossed):
        return np.full_like(value, math.nan)
    return np.sqrt((clusters - 1) * np.square(replicates - replicates.mean(0)).mean(0))


@functools.lru_cache(maxsize=8)
def cluster_weights(nesting: Nesting) -> Float[ndarray, "deletions members"]:
    """Share of each member in the mixture of all; a row for each deletion: none, then each outermost cluster.

    Not to be written to: the same array comes back for the same nesting.
    """
    left = np.ones((nesting.clusters + 1, nesting.members))
    left[1:][nesting.cluster_of == np.arange(nesting.clusters)[:, None]] = 0.0
    weights = left * nesting.weights
    total = weights.sum(1, keepdims=True)
    shares = np.divide(weights, total, out=np.full_like(weights, math.nan), where=total > 0)
    shares.flags.writeable = False
    return shares


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
    """The mean over the ensemble, then the same with each outermost cluster deleted."""
    values = np.asarray(per_member, dtype=np.float64)
    return np.tensordot(cluster_weights(nesting), values, 1)
