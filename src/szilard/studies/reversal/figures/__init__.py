"""The figures of a reversed training, one file each, with ``figure(evidence)``; width concludes, and has the audit."""

from __future__ import annotations

from szilard.page.style import Figure
from szilard.studies.reversal.evidence import ReversalEvidence
from szilard.studies.reversal.figures import arithmetic, back, law, layers, laziness, width
from szilard.verdicts.audit import Audit

LEADING = back
OTHERS = (laziness, layers, law, arithmetic)
"""Beside the leading one and that against width."""


def figures(evidence: ReversalEvidence, audit: Audit) -> list[Figure]:
    """Those that the record can fill."""
    if not evidence.whole:
        return []
    drawn = [width.figure(evidence, audit), *(each.figure(evidence) for each in OTHERS)]
    return [figure for figure in drawn if figure is not None]
