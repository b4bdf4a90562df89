"""The audit of a heat capacity: stationarity, equipartition whole and by layer, and what width does to it."""

from __future__ import annotations

from szilard.audit.finding import Finding
from szilard.audit.heat_capacity import beyond, equipartition, integrity, temperatures, width
from szilard.audit.heat_capacity.evidence import HeatEvidence

FAMILIES = (integrity, equipartition, temperatures, width, beyond)
"""Each has ``findings(evidence)``."""


def findings(evidence: HeatEvidence) -> tuple[Finding, ...]:
    """The rows of all families."""
    return tuple(row for family in FAMILIES for row in family.findings(evidence))
