"""The figures of a sampled run, by what they answer: each returns None where the record lacks what it shows."""

from __future__ import annotations

from szilard.page.style import Figure
from szilard.studies.sampled.figures.ledger import (
    bounds,
    entropy,
    fluctuation,
    intervals,
    ledger,
    score,
    training,
)
from szilard.studies.sampled.figures.models import detailed, space
from szilard.studies.sampled.figures.sampler import chains, dissipation, jarzynski, pool, relaxation
from szilard.studies.sampled.figures.samples import samples
from szilard.studies.sampled.reading import SampledReading

LEADING = samples
FIGURES = (
    ledger, space, dissipation, relaxation, chains, bounds, detailed, entropy, score, training, fluctuation, pool,
    jarzynski, intervals,
)  # fmt: skip
"""In the order of the page, after the leading one."""


def figures(reading: SampledReading) -> list[Figure]:
    """Every figure that this record supports."""
    return [drawn for figure in FIGURES if (drawn := figure(reading)) is not None]
