"""The figures of a sampled run, one a file: ``figure(view)`` returns None where the record lacks what it shows."""

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
    picture,
    pool,
    relaxation,
    score,
    space,
    training,
)
from szilard.studies.sampled.figures.view import View

LEADING = picture
FAMILIES = (
    ledger, space, dissipation, relaxation, chains, bounds, detailed, entropy, score, training, fluctuation, pool,
    jarzynski, intervals,
)  # fmt: skip
"""In the order of the page, after the leading one."""


def leading(view: View) -> Figure | None:
    """The samples, before the words."""
    return LEADING.figure(view)


def figures(view: View) -> list[Figure]:
    """Every figure that this record supports."""
    return [drawn for family in FAMILIES if (drawn := family.figure(view)) is not None]
