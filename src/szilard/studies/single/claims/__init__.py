"""The audit of one run: every family of findings, in the order in which they matter."""

from __future__ import annotations

from szilard.studies.kits.parameters import claims as reservoir
from szilard.studies.kits.watched.claims import beyond, ideal, integrity, motion, rounding
from szilard.studies.kits.watched.evidence import Evidence
from szilard.studies.single.claims import identities, limits, routes
from szilard.verdicts.finding import Finding

FAMILIES = (integrity, identities, limits, routes, rounding, motion, ideal, reservoir, beyond)
"""Each has ``findings(evidence)``."""


def findings(evidence: Evidence) -> tuple[Finding, ...]:
    """The rows of all families."""
    return tuple(row for family in FAMILIES for row in family.findings(evidence))
