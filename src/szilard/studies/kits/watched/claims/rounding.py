"""Rounding of the forward pass: whether the work rises above what rounded logits would feign."""

from __future__ import annotations

import math

from szilard.numbers import number
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.verdicts.bounds import ROUNDING, ROUNDING_FACTOR
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Concern, Finding, Verdict, judge

PRECISION_FLOOR = Claim(
    "precision floor",
    "the work is the model's, not rounding's",
    "docs: precision floor",
    measure="spurious work over W",
    bound=(0.0, ROUNDING),
    concerns=Concern.RECORD,
)


def findings(reading: WatchedReading) -> tuple[Finding, ...]:
    """The rows of this family."""
    if reading.records < 2 or "precision_floor" not in reading.rows:
        return ()
    work, floor = reading.at("work").value, reading.at("precision_floor").value
    share = floor / work if work > 0 else math.inf
    interval = (0.0, share * ROUNDING_FACTOR)
    # a floor alone accuses nobody: models that follow closely upon one another round alike
    verdict = Verdict.HELD if judge(interval, PRECISION_FLOOR.bound) is Verdict.HELD else Verdict.UNDECIDED
    precision = str(reading.attributes.get("forward_precision", "an unknown precision"))
    detail = f"Rounding at {precision} would feign up to about {number(floor, 1)} nat of {number(work, 4)} nat."
    if verdict is Verdict.UNDECIDED and "work_quadratic" in reading.rows and work > 0:
        quadratic = reading.at("work_quadratic").value
        share = abs(work - quadratic) / work
        interval = (share, share)
        verdict = judge(interval, PRECISION_FLOOR.bound)
        detail += f" The Fisher form, which rounding hardly touches, gives {number(quadratic, 4)} nat."
    elif verdict is Verdict.UNDECIDED:
        detail += " The Fisher form would tell: szilard.Ledger(fisher=True)."
    if reading.attributes.get("forward_flagged"):
        detail += " The forward pass was less precise than float32, which float64 sums do not mend."
        verdict = Verdict.UNDECIDED if verdict is Verdict.HELD else verdict
    return (PRECISION_FLOOR.tested(share, interval, detail=detail, verdict=verdict),)
