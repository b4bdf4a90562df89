"""What share of the entropy that learning produces is information that was learned (the paper's §5)."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import SpecError
from szilard.estimate import Estimate, Kind
from szilard.information.difference import change
from szilard.information.jackknife import deletion_means, estimate
from szilard.information.measurement import Measurement


def efficiency(before: Measurement, after: Measurement, production: Float[ndarray, " members"]) -> Estimate:
    """``Δ l_info/(Δ l_info + Σ_{X|Θ})``: 1 where nothing is dissipated, NaN where nothing was learned (Δ l_info < 0).

    The denominator is the entropy production of the marginal, ``Σ_X`` (Eq. 26). The error is that of deleting one
    outermost cluster from both.

    Args:
        before: the look to which the production counts from.
        after: the later one, of the same members.
        production: ``Σ_{X|Θ}`` of each member in between, nats per input.

    Raises:
        SpecError: if the two do not count the same members, or there is not one production for each.
    """
    learned = change(before, after, "l_info")
    production = np.asarray(production, dtype=np.float64)
    if production.shape != (after.nesting.members,):
        raise SpecError(
            f"production has shape {production.shape} and there are {after.nesting.members} members: give one for each."
        )
    spent = deletion_means(after.nesting, production)
    deleted = after.replicates["l_info"] - before.replicates["l_info"]
    if not learned.value >= 0 or learned.value + spent[0] <= 0:
        return Estimate(math.nan, math.nan, Kind.ASYMPTOTIC, float(after.nesting.clusters - 1))
    return estimate(
        learned.value / (learned.value + spent[0]), deleted / (deleted + spent[1:]), after.nesting, Kind.ASYMPTOTIC
    )
