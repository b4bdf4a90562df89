"""The audit of one run whose X is sampled: every family of findings, in the order in which they matter."""

from __future__ import annotations

from szilard.studies.kits.watched.claims import UNCHECKABLE, ideal, integrity, motion, rounding
from szilard.studies.sampled.claims import bounds, detailed, energies, laws, trained, weights
from szilard.studies.sampled.reading import SampledReading
from szilard.verdicts.claim import claims_of
from szilard.verdicts.finding import Finding

FAMILIES = (weights, bounds, energies, detailed, trained, rounding, ideal)
"""Those that need at least one step of the model."""

CLAIMS = (*claims_of(integrity, laws, *FAMILIES, motion), *UNCHECKABLE)


def findings(reading: SampledReading) -> tuple[Finding, ...]:
    """The rows of all families; those that any single run has are worded as there."""
    rows = [*integrity.findings(reading), *laws.findings(reading)]
    if reading.whole:
        rows += [row for family in FAMILIES for row in family.findings(reading)]
        rows += motion.findings(reading) if "work_by_interval" in reading.rows else ()
    return (*rows, *(claim.unchecked() for claim in UNCHECKABLE))
