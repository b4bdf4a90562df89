"""The audit of a heat capacity: stationarity, equipartition whole and by layer, and what width does to it."""

from __future__ import annotations

from szilard.studies.heat_capacity.claims import beyond, equipartition, integrity, temperatures, width
from szilard.studies.heat_capacity.evidence import HeatEvidence
from szilard.verdicts.finding import Finding

FAMILIES = (integrity, equipartition, temperatures, width, beyond)
"""Each has ``findings(evidence)``."""


def findings(evidence: HeatEvidence) -> tuple[Finding, ...]:
    """The rows of all families."""
    return tuple(row for family in FAMILIES for row in family.findings(evidence))
