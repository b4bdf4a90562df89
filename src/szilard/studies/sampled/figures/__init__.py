"""The figures of a sampled run, one a file: ``figure(reading)`` returns None where the record lacks what it shows."""

from __future__ import annotations

from szilard.page.style import Figure
from szilard.studies.sampled.figures import (
    bounds,
    chains,
    detailed,
    dissipation,
    entropy,
    fluctuation,
    intervals,
    jarzynski,
    ledger,
    pool,
    relaxation,
    samples,
    score,
    space,
    training,
)
from szilard.studies.sampled.reading import SampledReading

LEADING = samples
FAMILIES = (
    ledger, space, dissipation, relaxation, chains, bounds, detailed, entropy, score, training, fluctuation, pool,
    jarzynski, intervals,
)  # fmt: skip
"""In the order of the page, after the leading one."""


def figures(reading: SampledReading) -> list[Figure]:
    """Every figure that this record supports."""
    return [drawn for family in FAMILIES if (drawn := family.figure(reading)) is not None]
