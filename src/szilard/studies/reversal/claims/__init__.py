"""The audit of a reversed training: the laws of the way back, laziness, and whether the one makes the other."""

from __future__ import annotations

from szilard.studies.reversal.claims import integrity, law, laziness, retracing, uncheckable, width
from szilard.studies.reversal.reading import ReversalReading
from szilard.verdicts.finding import Finding

FAMILIES = (integrity, retracing, laziness, width, law, uncheckable)
"""Each has ``findings(reading)``."""


def findings(reading: ReversalReading) -> tuple[Finding, ...]:
    """The rows of the audit, family by family."""
    return tuple(row for family in FAMILIES for row in family.findings(reading))
