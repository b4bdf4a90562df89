"""The figures of the page of Figure 3: functions of a reading that give None where the record cannot fill them."""

from __future__ import annotations

from szilard.page.style import Figure
from szilard.studies.fig3.figures import noise, panels
from szilard.studies.fig3.reading import Fig3Reading

LEADING = panels.panels
FIGURES = (noise.ratio, noise.white, noise.layers, noise.force)
"""Beside the leading one."""


def figures(reading: Fig3Reading) -> list[Figure]:
    """Those that the record can fill."""
    return [figure for each in FIGURES if (figure := each(reading)) is not None]
