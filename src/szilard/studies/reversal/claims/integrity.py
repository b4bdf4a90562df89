"""Whether the numbers can be trusted: a record that is whole, and distances that stand above rounding."""

from __future__ import annotations

import numpy as np

from szilard.numbers import number
from szilard.studies.kits.complete import COMPLETE, complete_record
from szilard.studies.reversal.reading import ReversalReading
from szilard.verdicts.bounds import TANGENT
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Concern, Finding

HALVES = 2.0 ** (52 - 23)
"""How much finer float64 rounds than float32."""


ROUNDING = Claim(
    "rounding",
    "distances are of the path, not of the arithmetic",
    "float32 beside float64",
    measure="rounding of float64 over the distance",
    bound=(0.0, TANGENT),
    concerns=Concern.RECORD,
)


def findings(reading: ReversalReading) -> tuple[Finding, ...]:
    """Whether the record is complete, and whether its distances stand above rounding."""
    closed = complete_record(reading, COMPLETE, empty=not reading.whole)
    return (closed, _rounding(reading))


def _rounding(reading: ReversalReading) -> Finding:
    """Rounding of float64, from what float32 arithmetic makes of the same path."""
    if reading.length < 1:
        return ROUNDING.unchecked("The record has no steps.")
    single = reading.rows["distance_single"].values[-1]
    double = reading.rows["distance"].values[-1][..., 0]
    smallest = int(np.argmin(reading.rates))
    both = np.isfinite(single[..., smallest]) & (double[..., smallest] > 0) & np.isfinite(double[..., smallest])
    if not both.any():
        return ROUNDING.unchecked("No path came back.")
    one, other = single[..., smallest][both], double[..., smallest][both]
    largest = float((np.abs(one - other) / other).max())
    effect = largest / HALVES
    return ROUNDING.tested(
        effect,
        where=f"r = {number(reading.rates[smallest], 3)}, after {reading.length} steps back",
        detail=(
            f"In float32 the same path ends up to {number(largest)} of its distance elsewhere; float64 is 2^29 finer."
        ),
    )
