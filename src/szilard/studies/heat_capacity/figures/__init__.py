"""The figures of a heat capacity, one file each, with ``figure(reading)``."""

from __future__ import annotations

from szilard.page.style import Figure
from szilard.studies.heat_capacity.figures import energy, layers, temperatures, width
from szilard.studies.heat_capacity.reading import HeatCapacityReading

LEADING = energy
FIGURES = (layers, temperatures, width)
"""Beside the leading one."""


def figures(reading: HeatCapacityReading) -> list[Figure]:
    """Those that the record can fill."""
    return [figure for each in FIGURES if (figure := each.figure(reading)) is not None]
