"""The audit of one run: every family of findings, in the order in which they matter."""

from __future__ import annotations

from szilard.audit import reservoir
from szilard.audit.evidence import Evidence
from szilard.audit.finding import Finding
from szilard.audit.single import beyond, ideal, identities, integrity, limits, motion, rounding, routes

FAMILIES = (integrity, identities, limits, routes, rounding, motion, ideal, reservoir, beyond)
"""Each has ``findings(evidence)``."""


def findings(evidence: Evidence) -> tuple[Finding, ...]:
    """The rows of all families."""
    return tuple(row for family in FAMILIES for row in family.findings(evidence))
