"""The parameters as a heat reservoir: the paper's Sections 5 and 6 held against the record of a run, layer by layer.

Layers and bursts that a row looks at are judged together, so that all intervals hold at 95 % (Bonferroni).
"""

from __future__ import annotations

from szilard.audit.evidence import Evidence
from szilard.audit.finding import Finding
from szilard.audit.reservoir import equilibrium, force, loop, shape, stationarity, temperatures, whiteness, work
from szilard.audit.reservoir.claims import LAZY, RESERVOIR

__all__ = ["FAMILIES", "findings", "without"]

FAMILIES = (loop, whiteness, stationarity, temperatures, shape, equilibrium, force, work)
"""Each has ``findings(evidence)``, of a record that holds bursts."""


def findings(evidence: Evidence) -> tuple[Finding, ...]:
    """The rows of all families, or what it would take where the record holds no bursts."""
    if evidence.reservoir is None:
        return without()
    return (*(row for family in FAMILIES for row in family.findings(evidence)), LAZY.unchecked())


def without() -> tuple[Finding, ...]:
    """The rows of a record that holds no reservoir: each says which design would tell."""
    return tuple(claim.unchecked() for claim in RESERVOIR)
