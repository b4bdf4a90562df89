"""The supersample design: pairs of examples of which each training saw one, and how much its labels betray which."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from szilard.errors import SpecError
from szilard.estimate import Estimate, Kind
from szilard.information.mixtures import FLOOR, log_of, node_entropies

_DELETE_ALL = 32


@dataclass(frozen=True, slots=True)
class Supersample:
    """What labels on N pairs tell of the bits U that say which of each pair was trained on.

    Attributes:
        information: ``supersample_information``: ``Σ_i I(Y_i, Y'_i; U_i | Z̃)`` in nats, at most N ln 2, corrected for
            few members; error by deleting one member at a time.
        plugin: the same without correction, biased upwards.
        lower: with each member's own label law left out of the mixtures it is compared with; low in expectation.
        per_pair: the plug-in of each pair, at most ln 2.
        bound: ``|expected generalisation gap| ≤ mean over pairs of √(2 I_i)`` for losses within [0, 1], from
            ``per_pair`` (which is biased upwards, so that the bound stays one in expectation).
    """

    information: Estimate
    plugin: float
    lower: float
    per_pair: Float[ndarray, " pairs"]
    bound: float


def supersample_information(
    log_p: Float[ndarray, "members pairs 2 outcomes"], bits: Bool[ndarray, "members pairs"]
) -> Supersample:
    """Functional conditional mutual information of single pairs (Harutyunyan et al. 2021), by exact sums over labels.

    Z̃ is N pairs of examples, fixed; member k is trained on the one of pair i that the bit ``U_ki`` picks, bits being
    fair and independent. With ``q_u`` the mean over members with U_i = u of ``p(y|z_i0) p(y'|z_i1)``,
    ``I_i = H((q_0 + q_1)/2) − [H(q_0) + H(q_1)]/2``. It bounds generalisation, not ``m_info``, and is conditional on
    Z̃; the sum over pairs is a lower side of the joint I(Y;U|Z̃) (bits are independent).

    Args:
        log_p: log-probabilities of the labels of both examples of every pair, nats.
        bits: which of the pair was trained on: 0 the first, 1 the second.

    Raises:
        SpecError: for shapes that do not fit, or a pair of which every member saw the same.
    """
    p = np.exp(np.maximum(np.asarray(log_p, dtype=np.float64), math.log(FLOOR)))
    seen = np.asarray(bits).astype(bool)
    if p.ndim != 4 or p.shape[2] != 2 or p.shape[:2] != seen.shape:
        raise SpecError(
            f"log-probabilities have shape {p.shape} and bits {seen.shape}: give (members, pairs, 2, outcomes) and "
            "(members, pairs)."
        )
    counts = seen.sum(0)
    if (counts == 0).any() or (counts == len(seen)).any():
        pair = int(np.flatnonzero((counts == 0) | (counts == len(seen)))[0])
        raise SpecError(f"every member saw the same example of pair {pair}: train more members, bits drawn apart.")
    routes = np.stack([_of_pair(p[:, pair], seen[:, pair]) for pair in range(seen.shape[1])])
    plugin, corrected, lower = routes.sum(0)
    return Supersample(
        Estimate(float(corrected), _error(p, seen), Kind.ASYMPTOTIC, float(len(seen) - 1)),
        float(plugin),
        float(lower),
        routes[:, 0],
        float(np.sqrt(2 * np.maximum(routes[:, 0], 0.0)).mean()),
    )


def _of_pair(p: Float[ndarray, "members 2 outcomes"], seen: ndarray) -> Float[ndarray, " routes"]:
    """Plug-in, corrected (a jackknife within each half) and lower information of one pair."""
    joint = (p[:, 0, :, None] * p[:, 1, None, :]).reshape(len(p), -1)
    halves = [joint[~seen], joint[seen]]
    entropies = [node_entropies(half) for half in halves]
    means = [half.mean(0) for half in halves]
    mixture = 0.5 * (means[0] + means[1])
    whole = -float(np.vdot(mixture, log_of(mixture)))
    plugin = whole - 0.5 * sum(routes[0] for routes in entropies)
    if min(len(half) for half in halves) < 2:
        return np.array([plugin, plugin, math.nan])
    high = whole + _jackknife_gain(halves, means, whole)
    return np.array(
        [
            plugin,
            high - 0.5 * sum(routes[2] for routes in entropies),
            whole - 0.5 * sum(routes[1] for routes in entropies),
        ]
    )


def _jackknife_gain(halves: list[ndarray], means: list[ndarray], whole: float) -> float:
    """What the jackknife adds to the entropy of the balanced mixture: ``Σ_u (n_u − 1)(H − ⟨H_{−k}⟩_u)``."""
    gain = 0.0
    for half, mean, other in zip(halves, means, reversed(means), strict=True):
        count = len(half)
        without = 0.5 * ((count * mean - half) / (count - 1) + other)
        gain += (count - 1) * (whole + float(np.vdot(without, log_of(without))) / count)
    return gain


def _error(p: ndarray, seen: ndarray) -> float:
    """Delete-one-member jackknife of the corrected sum; NaN where a half would be left with fewer than two."""
    members = len(seen)
    if min(seen.sum(0).min(), (~seen).sum(0).min()) < 3 or members > _DELETE_ALL * 8:
        return math.nan
    values = []
    for member in range(members):
        left = np.arange(members) != member
        values.append(sum(_of_pair(p[left, pair], seen[left, pair])[1] for pair in range(seen.shape[1])))
    return float(math.sqrt((members - 1) / members * np.square(np.array(values) - np.mean(values)).sum()))
