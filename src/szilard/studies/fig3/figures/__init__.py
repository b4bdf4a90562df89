"""The figures of the page of Figure 3, one a file, with ``figure(reading)``."""

from __future__ import annotations

from szilard.page.style import Figure
from szilard.studies.fig3.figures import force, layers, panels, ratio, white
from szilard.studies.fig3.reading import Fig3Reading

LEADING = panels
FIGURES = (ratio, white, layers, force)
"""Beside the leading one."""


def figures(reading: Fig3Reading) -> list[Figure]:
    """Those that the record can fill."""
    return [figure for each in FIGURES if (figure := each.figure(reading)) is not None]
