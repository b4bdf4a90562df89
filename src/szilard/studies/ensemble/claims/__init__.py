"""The audit of an ensemble: every family of findings, in the order in which they matter."""

from __future__ import annotations

from szilard.studies.ensemble.claims import (
    brackets,
    budget,
    capacity,
    clausius,
    dataset,
    exact,
    ideal,
    integrity,
    learned,
    marginal,
    members,
    processing,
    rounding,
    start,
    uncheckable,
    variance,
)
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.verdicts.finding import Finding

FAMILIES = (
    integrity, members, rounding, budget, brackets, dataset, learned, processing, variance, start, marginal, clausius,
    ideal, capacity, exact, uncheckable,
)  # fmt: skip
"""Each has ``findings(reading)``."""


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The rows of all families."""
    return tuple(row for family in FAMILIES for row in family.findings(reading))
