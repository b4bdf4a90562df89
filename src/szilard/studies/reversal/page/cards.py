"""A reversed training at a glance."""

from __future__ import annotations

import numpy as np

from szilard.page.content import Card
from szilard.page.logarithmic import raised
from szilard.reservoir.power_law import exponent
from szilard.studies.reversal.evidence import ReversalEvidence
from szilard.verdicts.audit import number
from szilard.verdicts.bounds import LEVEL


def cards(evidence: ReversalEvidence) -> list[Card]:
    """The way back from each start, and the exponents in the width."""
    if not evidence.whole:
        return []
    shown = []
    relative = np.median(evidence.relative()[-1, :, :, 0, 0], axis=1)
    for start, missed in zip(evidence.starts, relative, strict=True):
        value = f"{missed:.0%}" if missed < 1 else (f"{missed:.1f} ×" if missed < 1e3 else "overflows")
        rest = f"of the way, after {evidence.steps} steps back at r = {evidence.rates[0]:g}"
        shown.append(Card("", f"missed from step {start:,}", value.replace("%", "\u00a0%"), rest))
    for column, words in (("kernel_change", "kernel's change"), ("relative_step", "share of a step missed")):
        if evidence.width is not None:
            law = exponent(evidence.width["width"].values.astype(float), evidence.width[column].values[-1])
            low, high = law.interval(LEVEL)
            shown.append(Card("", f"{words} against width", f"width{raised(law.value)}",
                              f"95 %: {number(low)} to {number(high)}"))  # fmt: skip
    return shown
