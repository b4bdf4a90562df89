"""The figures of a trade-off, one file each, with ``figure(evidence)``."""

from __future__ import annotations

from szilard.page.style import Figure
from szilard.studies.tradeoff.evidence import TradeOffEvidence
from szilard.studies.tradeoff.figures import carnot, foretold, production, split, trained, way

LEADING = carnot
FIGURES = (production, split, foretold, way, trained)
"""Beside the leading one."""


def figures(evidence: TradeOffEvidence) -> list[Figure]:
    """Those that the record can fill."""
    return [figure for each in FIGURES if (figure := each.figure(evidence)) is not None]
