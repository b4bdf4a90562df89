"""The audit of one run: every family of findings, in the order in which they matter."""

from __future__ import annotations

from szilard.studies.kits.parameters import claims as reservoir
from szilard.studies.kits.watched.claims import UNCHECKABLE, ideal, integrity, motion, rounding
from szilard.studies.single.claims import identities, routes
from szilard.studies.single.reading import SingleReading
from szilard.verdicts.claim import claims_of
from szilard.verdicts.finding import Finding

FAMILIES = (integrity, identities, routes, rounding, motion, ideal, reservoir)
"""Each has ``findings(reading)``."""
"""Each has ``findings(reading)``."""

CLAIMS = (*claims_of(*FAMILIES), *UNCHECKABLE)


def findings(reading: SingleReading) -> tuple[Finding, ...]:
    """The rows of all families."""
    rows = (row for family in FAMILIES for row in family.findings(reading))
    return (*rows, *(claim.unchecked() for claim in UNCHECKABLE))
