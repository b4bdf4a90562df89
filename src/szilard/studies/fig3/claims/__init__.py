"""The audit of Figure 3: is the noise stationary, white, of low variance, of one temperature?"""

from __future__ import annotations

from szilard.studies.fig3.claims import force, integrity, noise, spread, temperature
from szilard.studies.fig3.reading import Fig3Reading
from szilard.studies.kits.parameters.statements import (
    BALANCE,
    CANONICAL,
    FINITE,
    IDEAL,
    ISOTROPIC,
    LAZY,
    SETTLED,
    YAIDA,
)
from szilard.verdicts.claim import claims_of
from szilard.verdicts.finding import Finding

FAMILIES = (integrity, noise, temperature, spread, force)
"""Each has ``findings(reading)``."""

UNCHECKABLE = (ISOTROPIC, FINITE, YAIDA, SETTLED, CANONICAL, BALANCE, IDEAL, LAZY)
"""Claims of the paper about the reservoir that need another design."""

CLAIMS = (*claims_of(*FAMILIES), *UNCHECKABLE)


def findings(reading: Fig3Reading) -> tuple[Finding, ...]:
    """The rows of all families."""
    rows = (row for family in FAMILIES for row in family.findings(reading))
    return (*rows, *(claim.unchecked() for claim in UNCHECKABLE))
