"""The figures of a reversed training, functions of a reading; width concludes, and has the audit."""

from __future__ import annotations

from szilard.page.style import Figure
from szilard.studies.reversal.figures import laziness, retracing
from szilard.studies.reversal.reading import ReversalReading
from szilard.verdicts.audit import Audit

LEADING = retracing.back
OTHERS = (laziness.laziness, retracing.layers, retracing.law, retracing.arithmetic)
"""Beside the leading one and that against width."""


def figures(reading: ReversalReading, audit: Audit) -> list[Figure]:
    """The figures below the leading one: those that the record can fill."""
    drawn = [laziness.width(reading, audit), *(each(reading) for each in OTHERS)]
    return [figure for figure in drawn if figure is not None]
