"""The audit of a heat capacity: stationarity, equipartition whole and by layer, and what width does to it."""

from __future__ import annotations

from szilard.studies.heat_capacity.claims import equipartition, integrity, temperatures, uncheckable, width
from szilard.studies.heat_capacity.reading import HeatCapacityReading
from szilard.verdicts.finding import Finding

FAMILIES = (integrity, equipartition, temperatures, width, uncheckable)
"""Each has ``findings(reading)``."""


def findings(reading: HeatCapacityReading) -> tuple[Finding, ...]:
    """The rows of all families."""
    return tuple(row for family in FAMILIES for row in family.findings(reading))
