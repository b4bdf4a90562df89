"""The figures of a single run, one family a file: ``figure(reading)`` returns None where the record lacks it."""

from __future__ import annotations

from szilard.page.style import Figure
from szilard.studies.single.figures import (
    closure,
    directness,
    entropy,
    intervals,
    ledger,
    length,
    paths,
    phases,
    reservoir,
    routes,
    training,
)
from szilard.studies.single.reading import SingleReading

FAMILIES = (ledger, training, entropy, closure, intervals, phases, length, directness, paths, routes)
"""In the order of the page; those of the reservoir follow."""


def figures(reading: SingleReading) -> list[Figure]:
    """Every figure that this record supports."""
    families = (*FAMILIES, *reservoir.FAMILIES)
    return [drawn for family in families if (drawn := family.figure(reading)) is not None]
