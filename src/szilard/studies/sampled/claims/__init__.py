"""The audit of one run whose X is sampled: every family of findings, in the order in which they matter."""

from __future__ import annotations

from szilard.studies.kits.watched.claims import ideal, integrity, motion, rounding, uncheckable
from szilard.studies.sampled.claims import bounds_of, detailed, energies, identities, second_law, trained, weights
from szilard.studies.sampled.reading import SampledReading
from szilard.verdicts.finding import Finding

FAMILIES = (second_law, weights, bounds_of, energies, detailed, trained)
"""Those that need at least one step of the model."""


def findings(reading: SampledReading) -> tuple[Finding, ...]:
    """The rows of all families; those that any single run has are worded as there."""
    evidence = reading.evidence
    run = evidence.run
    rows = [*integrity.findings(run), *identities.findings(evidence)]
    if evidence.records > 1:
        rows += [row for family in FAMILIES for row in family.findings(evidence)]
        rows += [*rounding.findings(run), *ideal.findings(run)]
        rows += motion.findings(run) if "work_by_interval" in run.rows else ()
    return (*rows, *uncheckable.findings(run))
