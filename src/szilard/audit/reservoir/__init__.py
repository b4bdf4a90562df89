"""The parameters as a heat reservoir: the paper's Sections 5 and 6 held against the record of a run."""

from __future__ import annotations

from szilard.audit.evidence import Evidence
from szilard.audit.finding import Finding
from szilard.audit.reservoir.claims import RESERVOIR

__all__ = ["findings", "without"]


def without() -> tuple[Finding, ...]:
    """The rows of a record that holds no reservoir: each says which design would tell."""
    return tuple(claim.unchecked() for claim in RESERVOIR)


def findings(evidence: Evidence) -> tuple[Finding, ...]:
    """The rows of this family."""
    return without()
