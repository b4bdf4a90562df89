"""The audit of a reversed training: the laws of the way back, laziness, and whether the one makes the other."""

from __future__ import annotations

from szilard.studies.reversal.claims import beyond, integrity, law, laziness, retracing, width
from szilard.studies.reversal.evidence import ReversalEvidence
from szilard.verdicts.finding import Finding

FAMILIES = (integrity, retracing, laziness, width, law, beyond)
"""Each has ``findings(evidence)``."""


def findings(evidence: ReversalEvidence) -> tuple[Finding, ...]:
    """The rows of all families."""
    return tuple(row for family in FAMILIES for row in family.findings(evidence))
