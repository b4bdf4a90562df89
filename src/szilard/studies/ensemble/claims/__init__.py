"""The audit of an ensemble: every family of findings, in the order in which they matter."""

from __future__ import annotations

from szilard.studies.ensemble.claims import (
    beyond,
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
    variance,
)
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.verdicts.finding import Finding

FAMILIES = (
    integrity, members, rounding, budget, brackets, dataset, learned, processing, variance, start, marginal, clausius,
    ideal, capacity, exact, beyond,
)  # fmt: skip
"""Each has ``findings(evidence)``."""


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The rows of all families."""
    evidence = reading.evidence
    return tuple(row for family in FAMILIES for row in family.findings(evidence))
