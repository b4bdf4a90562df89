"""The supersample design: pairs of examples of which each training saw one, and how much its labels betray which."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from szilard.errors import SpecError
from szilard.estimate import Estimate, Kind
from szilard.information.mixtures import FLOOR, log_of, mean_of_others

_FEWEST = 2
"""Data sets of either coin that a pair needs: with one there is nothing to correct by."""

_ELEMENTS_AT_ONCE = 200_000
"""Joint probabilities held at a time; pairs are taken in chunks that stay within the cache."""


@dataclass(frozen=True, slots=True)
class Supersample:
    """What labels on N pairs tell of the bits U that say which of each pair was trained on.

    Attributes:
        information: ``supersample_information``: ``Σ_i I(Y_i, Y'_i; U_i | Z̃)`` in nats over the pairs that are used, at
            most N ln 2, corrected for few data sets; error by deleting one data set at a time.
        plugin: the same without correction, biased upwards.
        lower: with each data set's own label law left out of the mixtures it is compared with; low in expectation.
        per_pair: the plug-in of each pair, at most ln 2; NaN for pairs that are left out.
        bound: ``|expected generalisation gap| ≤ mean over used pairs of √(2 I_i)`` for losses within [0, 1], the gap
            being that on these pairs; from ``per_pair`` (which is biased upwards, so that the bound stays one in
            expectation).
        pairs: how many pairs are used.
        left_out: how many are not, because fewer than two data sets have one of the coins.
    """

    information: Estimate
    plugin: float
    lower: float
    per_pair: Float[ndarray, " all_pairs"]
    bound: float
    pairs: int
    left_out: int


def supersample_information(
    log_p: Float[ndarray, "members pairs 2 outcomes"],
    bits: Bool[ndarray, "members pairs"],
    dataset: Int[ndarray, " members"],
) -> Supersample:
    """Functional conditional mutual information of single pairs (Harutyunyan et al. 2021), by exact sums over labels.

    Z̃ is N pairs of examples, fixed; data set k has the one of pair i that the bit ``U_ki`` picks, bits being fair and
    independent. ``P_ki`` is the mean over the members of a data set (its seeds) of ``p(y|z_i0) p(y'|z_i1)``, and
    ``q_u`` the mean of that over data sets with U_i = u, each of equal weight. Then
    ``I_i = H((q_0 + q_1)/2) − [H(q_0) + H(q_1)]/2``. It bounds generalisation, not ``m_info``, and is conditional on
    Z̃; the sum over pairs is a lower side of the joint I(Y;U|Z̃) (bits are independent).

    Data sets are what is independent: corrections, the lower side and the error leave out one whole data set at a
    time. Pairs of which fewer than two data sets have either coin are left out and counted. The sum is over the
    others and is not scaled up: it is then a lower side of the sum over all N (no I_i is negative). A coin that no
    more than one data set has is met in about ``N (K+1) 2^(1−K)`` pairs with K data sets.

    Args:
        log_p: log-probabilities of the labels of both examples of every pair, nats.
        bits: which of the pair was trained on: 0 the first, 1 the second.
        dataset: which data set each member was trained on; members of one have the same bits.

    Raises:
        SpecError: for shapes that do not fit, data sets whose members have different bits, or no pair to use.
    """
    p = np.exp(np.maximum(np.asarray(log_p, dtype=np.float64), math.log(FLOOR)))
    members, seen = _coins(p, np.asarray(bits).astype(bool), np.asarray(dataset))
    used = np.minimum(seen.sum(0), (~seen).sum(0)) >= _FEWEST
    if not used.any():
        raise SpecError(
            f"no pair has {_FEWEST} data sets of either coin among the {len(seen)}: train on more data sets."
        )
    routes = _all_pairs(p[:, used], members, seen[:, used])
    plugin, corrected, lower = routes[0]
    per_pair = np.full(len(used), math.nan)
    per_pair[used] = plugin
    return Supersample(
        Estimate(float(corrected.sum()), _error(routes[:, 1]), Kind.ASYMPTOTIC, float(len(seen) - 1)),
        float(plugin.sum()),
        float(lower.sum()),
        per_pair,
        float(np.sqrt(2 * np.maximum(plugin, 0.0)).mean()),
        int(used.sum()),
        int((~used).sum()),
    )


def _coins(
    p: ndarray, bits: ndarray, dataset: ndarray
) -> tuple[Float[ndarray, "datasets members"], Bool[ndarray, "datasets pairs"]]:
    """The weights with which members stand for their data sets, and the bits of these."""
    if p.ndim != 4 or p.shape[2] != 2 or p.shape[:2] != bits.shape or dataset.shape != p.shape[:1]:
        raise SpecError(
            f"log-probabilities have shape {p.shape}, bits {bits.shape} and data sets {dataset.shape}: give (members, "
            "pairs, 2, outcomes), (members, pairs) and (members,)."
        )
    _, first, number = np.unique(dataset, return_index=True, return_inverse=True)
    seen = bits[first]
    if wrong := sorted({int(dataset[member]) for member in np.flatnonzero((bits != seen[number]).any(1))}):
        raise SpecError(f"members of data set {wrong[0]} have different bits: give every set of coins its own number.")
    weights = np.equal.outer(np.arange(len(seen)), number).astype(np.float64)
    return weights / weights.sum(1, keepdims=True), seen


def _all_pairs(
    p: Float[ndarray, "members pairs 2 outcomes"],
    members: Float[ndarray, "datasets members"],
    seen: Bool[ndarray, "datasets pairs"],
) -> Float[ndarray, "deletions routes pairs"]:
    """Three routes for every pair: with all data sets, then with each one deleted (NaN where too few are left)."""
    datasets, pairs = seen.shape
    size = max(1, _ELEMENTS_AT_ONCE // (datasets * p.shape[-1] ** 2))
    routes = np.empty((datasets + 1, 3, pairs))
    for start in range(0, pairs, size):
        chunk = slice(start, start + size)
        law = np.einsum("km,mpa,mpb->kpab", members, p[:, chunk, 0], p[:, chunk, 1], optimize=True)
        joint = law.reshape(*law.shape[:2], -1)
        routes[0, :, chunk] = _routes(joint, seen[:, chunk])
        for index in range(datasets):
            left = np.arange(datasets) != index
            routes[1 + index, :, chunk] = _routes(joint[left], seen[left, chunk])
    return routes


def _routes(
    joint: Float[ndarray, "datasets pairs outcomes"], seen: Bool[ndarray, "datasets pairs"]
) -> Float[ndarray, "routes pairs"]:
    """Plug-in, corrected (a jackknife within each half) and lower information; NaN where a half has fewer than two.

    The jackknife adds ``Σ_u (n_u − 1)(H − ⟨H_{−k}⟩_u)`` both to the entropy of the balanced mixture and, for its own
    u, to that of a half.
    """
    own = np.where(seen, seen.sum(0), (~seen).sum(0))  # of every data set, how many have its coin
    enough = np.minimum(seen.sum(0), (~seen).sum(0)) >= _FEWEST
    count = np.maximum(own, _FEWEST).astype(np.float64)[..., None]
    parts = [np.where(coin[..., None], joint, 0.0) for coin in (~seen, seen)]
    means = [part.sum(0) / np.maximum(coin.sum(0), 1)[:, None] for part, coin in zip(parts, (~seen, seen), strict=True)]
    others = np.where(seen[..., None], *(mean_of_others(part.swapaxes(0, 1)).swapaxes(0, 1) for part in parts[::-1]))
    others *= (len(joint) - 1) / (count - 1)
    logs = log_of(others)
    without = 0.5 * (others + np.where(seen[..., None], means[0], means[1]))
    share = 1 / count[..., 0]  # summed over data sets: the mean within each half, added up over both
    whole, halves = _entropy(0.5 * (means[0] + means[1])), _entropy(means[0]) + _entropy(means[1])
    own_halves = np.where(seen, _entropy(means[1]), _entropy(means[0]))
    gain = ((count[..., 0] - 1) * share * (whole - _entropy(without))).sum(0)
    gain_halves = ((count[..., 0] - 1) * share * (own_halves + np.einsum("kpo,kpo->kp", others, logs))).sum(0)
    strange = -(share * np.einsum("kpo,kpo->kp", joint, logs)).sum(0)
    plugin = whole - 0.5 * halves
    routes = np.stack([plugin, plugin + gain - 0.5 * gain_halves, whole - 0.5 * strange])
    return np.where(enough, routes, math.nan)


def _entropy(p: Float[ndarray, "*rows outcomes"]) -> Float[ndarray, "*rows"]:
    return -np.einsum("...o,...o->...", p, log_of(p))


def _error(values: Float[ndarray, "deletions pairs"]) -> float:
    """Delete-one-data-set jackknife of the sum.

    Where a deletion leaves a pair with too few, the pair is taken to change as the others do in the mean. NaN where a
    deletion leaves no pair.
    """
    changes = values[1:] - values[0]
    known = np.isfinite(changes)
    if not known.any(1).all():
        return math.nan
    sums = np.where(known, changes, 0.0).sum(1) * changes.shape[1] / known.sum(1)
    return float(math.sqrt((len(sums) - 1) / len(sums) * np.square(sums - sums.mean()).sum()))
