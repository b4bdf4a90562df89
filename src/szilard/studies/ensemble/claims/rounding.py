"""Rounding of the forward pass: whether every member's work rises above what rounded logits would feign."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from szilard.numbers import number
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.verdicts.bounds import ROUNDING, ROUNDING_FACTOR
from szilard.verdicts.finding import Concern, Finding, Verdict, unchecked
from szilard.verdicts.rows import tested


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The row of this family. A floor accuses nobody: models that follow closely upon one another round alike."""
    name, claim, source = "precision floor", "the work is the members', not rounding's", "docs: precision floor"
    if reading.records < 2:
        return ()
    work, floor = reading.of_members("work")[-1], reading.of_members("precision_floor")[-1]
    known = np.isfinite(floor) & (work > 0)
    if not known.any():
        return (unchecked(name, claim, source, "The record has no precision floor.", Concern.RECORD),)
    shares = floor[known] / work[known]
    worst = float(shares.max())
    precision = str(reading.attributes.get("forward_precision", "an unknown precision"))
    feigned = number(np.median(shares), 1)
    detail = f"Rounding at {precision} would feign up to about {feigned} of the work (median of members)."
    row = tested(
        name,
        claim,
        source,
        measure="spurious work over W, the worst member",
        effect=worst,
        interval=(0.0, worst * ROUNDING_FACTOR),
        bound=(0.0, ROUNDING),
        where=reading.when(),
        detail=detail,
        concerns=Concern.RECORD,
    )
    if reading.attributes.get("forward_flagged"):
        said = f"{detail} The forward pass was less precise than float32, which float64 sums do not mend."
        return (replace(row, detail=said, verdict=Verdict.UNDECIDED),)
    return (row,)
