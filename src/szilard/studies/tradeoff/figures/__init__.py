"""The figures of a trade-off, one file each, with ``figure(reading)``."""

from __future__ import annotations

from szilard.page.style import Figure
from szilard.studies.tradeoff.figures import carnot, foretold, production, split, trained, way
from szilard.studies.tradeoff.reading import TradeOffReading

LEADING = carnot
FIGURES = (production, split, foretold, way, trained)
"""Beside the leading one."""


def figures(reading: TradeOffReading) -> list[Figure]:
    """The figures below the leading one: those that the record can fill."""
    return [figure for each in FIGURES if (figure := each.figure(reading)) is not None]
