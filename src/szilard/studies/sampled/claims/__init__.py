"""The audit of one run whose X is sampled: every family of findings, in the order in which they matter."""

from __future__ import annotations

from szilard.studies.kits.watched.claims import ideal, integrity, motion, rounding, uncheckable
from szilard.studies.sampled.claims import bounds, detailed, energies, laws, trained, weights
from szilard.studies.sampled.reading import SampledReading
from szilard.verdicts.finding import Finding

FAMILIES = (weights, bounds, energies, detailed, trained, rounding, ideal)
"""Those that need at least one step of the model."""


def findings(reading: SampledReading) -> tuple[Finding, ...]:
    """The rows of all families; those that any single run has are worded as there."""
    rows = [*integrity.findings(reading), *laws.findings(reading)]
    if reading.whole:
        rows += [row for family in FAMILIES for row in family.findings(reading)]
        rows += motion.findings(reading) if "work_by_interval" in reading.rows else ()
    return (*rows, *uncheckable.findings(reading))
