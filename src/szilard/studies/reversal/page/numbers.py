"""The way back and the laziness as tables of numbers."""

from __future__ import annotations

import numpy as np

from szilard.page.numbers import table
from szilard.studies.reversal.evidence import ReversalEvidence


def numbers(evidence: ReversalEvidence) -> str:
    """Medians over seeds: the share missed at the training's own rate, by steps taken back, from each start."""
    if not evidence.whole:
        return ""
    relative = np.median(evidence.relative()[..., 0, 0], axis=2)  # (steps + 1, starts)
    finite = np.where(np.isfinite(relative), relative, np.nan)
    columns = [
        ((f"missed from step {start:,}", "share of the way"), finite[:, place], None)
        for place, start in enumerate(evidence.starts)
    ]
    return table(evidence.reversal["step"].values, columns)
