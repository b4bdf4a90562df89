"""The second law: what was dissipated is not negative, within its error; estimates of single records may be."""

from __future__ import annotations

import math

from szilard.studies.sampled.reading import SampledReading
from szilard.verdicts.bounds import AGREEMENT
from szilard.verdicts.finding import Concern, Finding
from szilard.verdicts.rows import scaled, tested


def findings(reading: SampledReading) -> tuple[Finding, ...]:
    """One row: Σ(X|Θ) at the end is not negative, whatever the capability."""
    return (second_law(reading, "second law", "ep_conditional", "Σ(X|Θ)", "paper, below Eq. 23"),)


def second_law(reading: SampledReading, name: str, column: str, symbol: str, source: str) -> Finding:
    """One quantity that no protocol can make negative."""
    effect, interval = scaled(reading.at(column), reading.flow)
    return tested(
        name,
        f"{symbol} is not negative",
        source,
        measure=f"{symbol} over max(W, |ΔS|)",
        effect=effect,
        interval=interval,
        bound=(-AGREEMENT, math.inf),
        where="whole run",
        detail="At the end of the run; from one record to the next an estimate may fall within its error.",
        concerns=Concern.RECORD,
    )
