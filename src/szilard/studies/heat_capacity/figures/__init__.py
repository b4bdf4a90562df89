"""The figures of a heat capacity, one file each, with ``figure(evidence)``."""

from __future__ import annotations

from szilard.page.style import Figure
from szilard.studies.heat_capacity.evidence import HeatEvidence
from szilard.studies.heat_capacity.figures import energy, layers, temperatures, width

LEADING = energy
FIGURES = (layers, temperatures, width)
"""Beside the leading one."""


def figures(evidence: HeatEvidence) -> list[Figure]:
    """Those that the record can fill."""
    return [figure for each in FIGURES if (figure := each.figure(evidence)) is not None]
