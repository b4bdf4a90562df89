"""Whether the numbers can be trusted: a record that is whole, and distances that stand above rounding."""

from __future__ import annotations

import numpy as np

from szilard.numbers import number
from szilard.studies.kits.complete import complete_record
from szilard.studies.reversal.reading import ReversalReading
from szilard.verdicts.bounds import TANGENT
from szilard.verdicts.finding import Concern, Finding, unchecked
from szilard.verdicts.rows import tested

HALVES = 2.0 ** (52 - 23)
"""How much finer float64 rounds than float32."""


def findings(reading: ReversalReading) -> tuple[Finding, ...]:
    """Whether the record is complete, and whether its distances stand above rounding."""
    closed = complete_record(reading, "the record covers the whole run", empty=not reading.whole)
    return (closed, _rounding(reading))


def _rounding(reading: ReversalReading) -> Finding:
    """Rounding of float64, from what float32 arithmetic makes of the same path."""
    name, claim = "rounding", "distances are of the path, not of the arithmetic"
    if reading.length < 1:
        return unchecked(name, claim, "float32 beside float64", "The record has no steps.", Concern.RECORD)
    single = reading.rows["distance_single"].values[-1]
    double = reading.rows["distance"].values[-1][..., 0]
    smallest = int(np.argmin(reading.rates))
    both = np.isfinite(single[..., smallest]) & (double[..., smallest] > 0) & np.isfinite(double[..., smallest])
    if not both.any():
        return unchecked(name, claim, "float32 beside float64", "No path came back.", Concern.RECORD)
    one, other = single[..., smallest][both], double[..., smallest][both]
    largest = float((np.abs(one - other) / other).max())
    effect = largest / HALVES
    return tested(
        name,
        claim,
        "float32 beside float64",
        measure="rounding of float64 over the distance",
        effect=effect,
        interval=(effect, effect),
        bound=(0.0, TANGENT),
        where=f"r = {number(reading.rates[smallest], 3)}, after {reading.length} steps back",
        detail=(
            f"In float32 the same path ends up to {number(largest)} of its distance elsewhere; float64 is 2^29 finer."
        ),
        concerns=Concern.RECORD,
    )
