"""The audit of a reversed training: the laws of the way back, laziness, and whether the one makes the other."""

from __future__ import annotations

from szilard.audit.finding import Finding
from szilard.audit.reversal import beyond, integrity, law, laziness, retracing, width
from szilard.audit.reversal.evidence import ReversalEvidence

FAMILIES = (integrity, retracing, laziness, width, law, beyond)
"""Each has ``findings(evidence)``."""


def findings(evidence: ReversalEvidence) -> tuple[Finding, ...]:
    """The rows of all families."""
    return tuple(row for family in FAMILIES for row in family.findings(evidence))
