"""Claims of the paper that need another design: about the parameters themselves as a reservoir."""

from __future__ import annotations

from szilard.studies.ensemble.reading import EnsembleReading
from szilard.studies.kits.parameters.claims import without
from szilard.verdicts.finding import Finding


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The rows of this family, the same for every ensemble."""
    return without()
