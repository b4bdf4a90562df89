"""Differences between two looks at one ensemble, and what they mean: ΔS_X, Δ l_info, Σ_X (Eqs. 25-26)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import SpecError
from szilard.estimate import Estimate, Kind
from szilard.information.jackknife import deletion_means, estimate
from szilard.information.measurement import Measurement


def change(before: Measurement, after: Measurement, name: str) -> Estimate:
    """``after − before`` of one quantity, with the error of paired delete-one values: both are of the same members.

    Raises:
        SpecError: if the two do not count the same members, or one has no such quantity.
    """
    value, replicates = _change(before, after, name)
    return estimate(value, replicates, after.nesting, _kind(after[name].kind))


def marginal_changes(
    before: Measurement, after: Measurement, heat: Float[ndarray, " members"]
) -> tuple[dict[str, Estimate], dict[str, Float[ndarray, " members"]]]:
    """Entropy productions of the marginal between two looks, by record name; and per member.

    ``entropy_marginal_change`` ΔS_X, ``ep_marginal`` ``Σ_X = ΔS_X − Q`` (which may be negative) and ``ep_ignorance``
    ``Δ l_info = Σ_X − Σ_{X|Θ}``, errors by deleting the same clusters from every term; per member
    ``ep_marginal_member = Δ entropy_marginal_member − Q_member``.

    Args:
        before: the first look, to which the heat counts from.
        after: the later one.
        heat: Q of each member in between, nats per input; NaN for members that are not counted.
    """
    heat = np.asarray(heat, dtype=np.float64)
    counted = np.isfinite(after.members["l_info_member"])
    if heat.shape != counted.shape:
        raise SpecError(f"heat has shape {heat.shape} and there are {len(counted)} members: give one for each.")
    entropy, entropy_deleted = _change(before, after, "entropy_marginal")
    mean = deletion_means(after.nesting, heat[counted])
    estimates = {
        "entropy_marginal_change": change(before, after, "entropy_marginal"),
        "ep_marginal": estimate(entropy - mean[0], entropy_deleted - mean[1:], after.nesting, Kind.ASYMPTOTIC),
        "ep_ignorance": change(before, after, "l_info"),
    }
    member = after.members["entropy_marginal_member"] - before.members["entropy_marginal_member"] - heat
    return estimates, {"ep_marginal_member": member}


def _change(before: Measurement, after: Measurement, name: str) -> tuple[ndarray, ndarray]:
    same = [getattr(look.nesting, level) for look in (before, after) for level in ("task", "dataset")]
    if before.nesting.members != after.nesting.members or not all(
        np.array_equal(same[level], same[level + 2]) for level in (0, 1)
    ):
        raise SpecError(
            f"the two looks count {before.nesting.members} and {after.nesting.members} members: measure both with the "
            "same `keep`, that of the later one."
        )
    value = np.asarray(after[name].value) - np.asarray(before[name].value)
    return value, after.replicates[name] - before.replicates[name]


def _kind(kind: Kind) -> Kind:
    """A difference of bounds, or of what is biased, is neither a bound nor unbiased."""
    return kind if kind in (Kind.UNBIASED, Kind.EXACT) else Kind.ASYMPTOTIC


def changes(before: Measurement, after: Measurement) -> Mapping[str, Estimate]:
    """:func:`change` of every quantity that both have."""
    names = [name for name in after.values if name in before.replicates and name in after.replicates]
    return {name: change(before, after, name) for name in names}
