"""The audit of one run: every family of findings, in the order in which they matter."""

from __future__ import annotations

from szilard.studies.kits.parameters import claims as reservoir
from szilard.studies.kits.watched.claims import ideal, integrity, motion, rounding, uncheckable
from szilard.studies.single.claims import identities, limits, routes
from szilard.studies.single.reading import SingleReading
from szilard.verdicts.finding import Finding

FAMILIES = (integrity, identities, limits, routes, rounding, motion, ideal, reservoir, uncheckable)
"""Each has ``findings(reading)``."""


def findings(reading: SingleReading) -> tuple[Finding, ...]:
    """The rows of all families."""
    return tuple(row for family in FAMILIES for row in family.findings(reading))
