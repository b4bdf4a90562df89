"""Rounding of the forward pass: whether the work rises above what rounded logits would feign."""

from __future__ import annotations

import math

from szilard.audit.bounds import ROUNDING, ROUNDING_FACTOR
from szilard.audit.evidence import Evidence
from szilard.audit.finding import Basis, Concern, Finding, Verdict, judge


def findings(evidence: Evidence) -> tuple[Finding, ...]:
    """The rows of this family."""
    if evidence.records < 2 or "precision_floor" not in evidence.ledger:
        return ()
    work, floor = evidence.at_end("work").value, evidence.at_end("precision_floor").value
    share = floor / work if work > 0 else math.inf
    interval = (share / ROUNDING_FACTOR, share * ROUNDING_FACTOR)
    verdict = judge(interval, (0.0, ROUNDING))
    precision = str(evidence.attributes.get("forward_precision", "an unknown precision"))
    detail = f"Rounding at {precision} would feign about {floor:.1g} nat of {work:.4g} nat."
    if evidence.attributes.get("forward_flagged"):
        detail += " The forward pass was less precise than float32, which float64 sums do not mend."
        verdict = Verdict.UNDECIDED if verdict is Verdict.HELD else verdict
    return (
        Finding(
            name="precision floor",
            claim="the work is the model's, not rounding's",
            source="docs: precision floor",
            basis=Basis.TESTED,
            concerns=Concern.RECORD,
            measure="spurious work over W",
            effect=share,
            interval=interval,
            bound=(0.0, ROUNDING),
            verdict=verdict,
            detail=f"{detail} The floor is trusted to a factor of {ROUNDING_FACTOR:.0f}.",
        ),
    )
