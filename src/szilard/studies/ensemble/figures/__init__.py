"""The figures of an ensemble, one file each, with ``figure(reading)``."""

from __future__ import annotations

from szilard.page.style import Figure
from szilard.studies.ensemble.figures import (
    blocks,
    brackets,
    budget,
    crossed,
    effect,
    entropies,
    ledger,
    m_info,
    members,
    production,
    quadratic,
    routes,
    stopping,
    training,
)
from szilard.studies.ensemble.reading import EnsembleReading

LEADING = budget
FIGURES = (
    stopping, brackets, training, effect, crossed, entropies, routes, production, ledger, members, quadratic, blocks,
    m_info,
)  # fmt: skip
"""Beside the leading one; neighbours are of like height."""


def figures(reading: EnsembleReading) -> list[Figure]:
    """Those that the record can fill."""
    return [figure for each in FIGURES if (figure := each.figure(reading)) is not None]
