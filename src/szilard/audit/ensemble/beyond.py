"""Claims of the paper that need another design: about the parameters themselves as a reservoir."""

from __future__ import annotations

from szilard.audit.ensemble.evidence import EnsembleEvidence
from szilard.audit.finding import Finding
from szilard.audit.reservoir import without


def findings(evidence: EnsembleEvidence) -> tuple[Finding, ...]:
    """The rows of this family, the same for every ensemble."""
    return without()
