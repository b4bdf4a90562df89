"""The audit of Figure 3: is the noise stationary, white, of low variance, of one temperature?"""

from __future__ import annotations

from szilard.studies.fig3.claims import force, integrity, spread, stationary, temperature, uncheckable, white
from szilard.studies.fig3.reading import Fig3Reading
from szilard.verdicts.finding import Finding

FAMILIES = (integrity, stationary, white, temperature, spread, force, uncheckable)
"""Each has ``findings(reading)``."""


def findings(reading: Fig3Reading) -> tuple[Finding, ...]:
    """The rows of all families."""
    return tuple(row for family in FAMILIES for row in family.findings(reading))
