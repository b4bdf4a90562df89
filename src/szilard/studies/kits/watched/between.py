"""What is known between bounds, with what is known without them: no work is negative."""

from __future__ import annotations

from typing import NamedTuple

from szilard.estimate import Estimate, Kind
from szilard.studies.reading import Reading

NEVER_NEGATIVE = ("work", "ep_conditional")
"""Sums of Kullback–Leibler divergences."""


class Between(NamedTuple):
    """Both ends of a quantity at the last record.

    Attributes:
        below, above: the bounds; where 0 is the better one below, or follows for the other, it is taken.
        vacuous: whether the recorded bound from below says no more than that work is not negative.
    """

    below: Estimate
    above: Estimate
    vacuous: bool


def between(reading: Reading, name: str) -> Between | None:
    """The bounds of a quantity, None where the record has none; Q is at most ΔS where W is only known not to be < 0."""
    if not reading.has(f"{name}_lower"):
        return None
    below, above = reading.at(f"{name}_lower"), reading.at(name)
    if name in NEVER_NEGATIVE and above.value > 0 and below.interval()[0] <= 0:
        return Between(Estimate(0.0, 0.0, Kind.LOWER), above, vacuous=True)
    if name == "heat" and reading.has("entropy_change"):
        work = between(reading, "work")
        if work is not None and work.vacuous:
            return Between(below, reading.at("entropy_change"), vacuous=False)
    return Between(below, above, vacuous=False)
