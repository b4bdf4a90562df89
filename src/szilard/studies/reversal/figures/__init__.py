"""The figures of a reversed training, one file each, with ``figure(reading)``; width concludes, and has the audit."""

from __future__ import annotations

from szilard.page.style import Figure
from szilard.studies.reversal.figures import arithmetic, back, law, layers, laziness, width
from szilard.studies.reversal.reading import ReversalReading
from szilard.verdicts.audit import Audit

LEADING = back
OTHERS = (laziness, layers, law, arithmetic)
"""Beside the leading one and that against width."""


def figures(reading: ReversalReading, audit: Audit) -> list[Figure]:
    """The figures below the leading one: those that the record can fill."""
    drawn = [width.figure(reading, audit), *(each.figure(reading) for each in OTHERS)]
    return [figure for figure in drawn if figure is not None]
