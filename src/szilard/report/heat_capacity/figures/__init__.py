"""The figures of a heat capacity, one file each, with ``figure(evidence)``."""

from __future__ import annotations

from szilard.audit.heat_capacity.evidence import HeatEvidence
from szilard.report.heat_capacity.figures import energy, layers, temperatures, width
from szilard.report.style import Figure

LEADING = energy
FIGURES = (layers, temperatures, width)
"""Beside the leading one."""


def figures(evidence: HeatEvidence) -> list[Figure]:
    """Those that the record can fill."""
    return [figure for each in FIGURES if (figure := each.figure(evidence)) is not None]
