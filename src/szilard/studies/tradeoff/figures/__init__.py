"""The figures of a trade-off: functions of a reading that give None where the record cannot fill them."""

from __future__ import annotations

from szilard.page.style import Figure
from szilard.studies.tradeoff.figures import efficiency, way
from szilard.studies.tradeoff.reading import TradeOffReading

LEADING = efficiency.carnot
FIGURES = (efficiency.production, efficiency.split, way.foretold, way.way, way.trained)
"""Beside the leading one."""


def figures(reading: TradeOffReading) -> list[Figure]:
    """The figures below the leading one: those that the record can fill."""
    return [figure for each in FIGURES if (figure := each(reading)) is not None]
