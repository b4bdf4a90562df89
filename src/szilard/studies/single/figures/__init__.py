"""The figures of a single run, one file each: ``figure(reading)`` returns None where the record lacks it."""

from __future__ import annotations

from szilard.page.style import Figure
from szilard.studies.kits.parameters.figures import FAMILIES as OF_THE_PARAMETERS
from szilard.studies.single.figures import (
    closure,
    directness,
    entropy,
    intervals,
    ledger,
    length,
    paths,
    phases,
    routes,
    training,
)
from szilard.studies.single.reading import SingleReading

FAMILIES = (ledger, training, entropy, closure, intervals, phases, length, directness, paths, routes)
"""In the order of the page; those of the parameters follow."""


def figures(reading: SingleReading) -> list[Figure]:
    """Every figure that this record supports, in the order of the page."""
    families = (*FAMILIES, *OF_THE_PARAMETERS)
    return [drawn for family in families if (drawn := family.figure(reading)) is not None]
