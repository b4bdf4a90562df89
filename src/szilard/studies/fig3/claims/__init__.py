"""The audit of Figure 3: is the noise stationary, white, of low variance, of one temperature?"""

from __future__ import annotations

from szilard.studies.fig3.claims import beyond, force, integrity, spread, stationary, temperature, white
from szilard.studies.fig3.reading import Fig3Reading
from szilard.verdicts.finding import Finding

FAMILIES = (integrity, stationary, white, temperature, spread, force, beyond)
"""Each has ``findings(evidence)``."""


def findings(reading: Fig3Reading) -> tuple[Finding, ...]:
    """The rows of all families."""
    evidence = reading.evidence
    return tuple(row for family in FAMILIES for row in family.findings(evidence))
