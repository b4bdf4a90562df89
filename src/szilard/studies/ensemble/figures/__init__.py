"""The figures of an ensemble, one family a file: ``figure(view)``, which returns None where the record lacks it."""

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
from szilard.studies.ensemble.figures.view import View

LEADING = budget
"""The page opens with it."""
FAMILIES = (
    stopping, brackets, training, effect, crossed, entropies, routes, production, ledger, members, quadratic, blocks,
    m_info,
)  # fmt: skip
"""The rest, in the order of the page: neighbours are of like height."""


def figures(view: View) -> list[Figure]:
    """Every figure that this record supports, but for the one that leads."""
    return [drawn for family in FAMILIES if (drawn := family.figure(view)) is not None]
