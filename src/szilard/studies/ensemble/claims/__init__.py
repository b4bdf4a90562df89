"""The audit of an ensemble: every family of findings, in the order in which they matter."""

from __future__ import annotations

from szilard.studies.ensemble.claims import (
    assumptions,
    brackets,
    budget,
    capacity,
    clausius,
    exact,
    ideal,
    integrity,
    learned,
    marginal,
    members,
    processing,
)
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.studies.kits.parameters.claims import without
from szilard.studies.kits.parameters.statements import RESERVOIR
from szilard.verdicts.claim import claims_of
from szilard.verdicts.finding import Finding

FAMILIES = (
    integrity, members, budget, brackets, learned, processing, assumptions, marginal, clausius,
    ideal, capacity, exact,
)  # fmt: skip
"""Each has ``findings(reading)``."""

CLAIMS = (*claims_of(*FAMILIES), *RESERVOIR)
"""Those of the parameters as a reservoir need another design."""


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The rows of all families."""
    return (*(row for family in FAMILIES for row in family.findings(reading)), *without())
