"""The figures of the page of Figure 3, one a file: ``figure(view)``, which returns None where the record lacks it."""

from __future__ import annotations

from szilard.page.style import Figure
from szilard.studies.fig3.figures import force, layers, panels, ratio, white
from szilard.studies.fig3.figures.view import View

LEADING = panels
"""The page opens with it."""
FAMILIES = (ratio, white, layers, force)
"""The rest, in the order of the page."""


def figures(view: View) -> list[Figure]:
    """Every figure that this record supports, but for the one that leads."""
    return [drawn for family in FAMILIES if (drawn := family.figure(view)) is not None]
