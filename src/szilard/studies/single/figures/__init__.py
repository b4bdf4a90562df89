"""The figures of a single run, by what they answer: each returns None where the record lacks what it shows."""

from __future__ import annotations

from szilard.page.style import Figure
from szilard.studies.kits.parameters.figures import FIGURES as OF_THE_PARAMETERS
from szilard.studies.single.figures.ledger import closure, entropy, ledger, training
from szilard.studies.single.figures.routes import paths, routes
from szilard.studies.single.figures.way import directness, intervals, length, phases
from szilard.studies.single.reading import SingleReading

FIGURES = (ledger, training, entropy, closure, intervals, phases, length, directness, paths, routes)
"""In the order of the page; those of the parameters follow."""


def figures(reading: SingleReading) -> list[Figure]:
    """Every figure that this record supports, in the order of the page."""
    return [drawn for figure in (*FIGURES, *OF_THE_PARAMETERS) if (drawn := figure(reading)) is not None]
