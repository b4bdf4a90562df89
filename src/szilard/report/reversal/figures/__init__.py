"""The figures of a reversed training, one file each, with ``figure(evidence)``."""

from __future__ import annotations

from szilard.audit.reversal.evidence import ReversalEvidence
from szilard.report.reversal.figures import arithmetic, back, law, layers, laziness, width
from szilard.report.style import Figure

LEADING = back
FIGURES = (width, laziness, layers, law, arithmetic)
"""Beside the leading one."""


def figures(evidence: ReversalEvidence) -> list[Figure]:
    """Those that the record can fill."""
    if not evidence.whole:
        return []
    return [figure for each in FIGURES if (figure := each.figure(evidence)) is not None]
