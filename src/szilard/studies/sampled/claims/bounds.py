"""Latent variables: whether the bounds on either side are in order, and close enough to speak of one number."""

from __future__ import annotations

import math

from szilard.estimate import Estimate
from szilard.studies.sampled.reading import SampledReading
from szilard.verdicts.bounds import NEGLIGIBLE
from szilard.verdicts.finding import Concern, Finding
from szilard.verdicts.rows import difference, ratio, tested


def findings(reading: SampledReading) -> tuple[Finding, ...]:
    """Rows on order and width of the bounds on W and S(X|Θ); none but of latent variables."""
    if reading.capability != "bounded":
        return ()
    return (
        _order(reading, "work", "W"),
        _order(reading, "entropy_conditional", "S(X|Θ)"),
        _close(reading),
    )


def _order(reading: SampledReading, name: str, symbol: str) -> Finding:
    above, below = reading.at(name), reading.at(f"{name}_lower")
    effect, interval = difference(above, below, max(abs(above.value), 1e-300))
    return tested(
        f"bounds of {symbol} in order",
        f"the upper bound of {symbol} lies above the lower one",
        "docs: sampled ledger",
        measure="upper less lower over upper",
        effect=effect,
        interval=interval,
        bound=(-NEGLIGIBLE, math.inf),
        where="at the end",
        detail="Both are estimates, and may cross within their errors where they nearly meet.",
        concerns=Concern.RECORD,
    )


def _close(reading: SampledReading) -> Finding:
    above, below = reading.at("work"), reading.at("work_lower")
    gap = Estimate(above.value - below.value, math.hypot(above.error, below.error), above.kind)
    effect, interval = ratio(gap, above)
    return tested(
        "bounds close in",
        "the bounds of W leave its first digit",
        "docs: sampled ledger",
        measure="upper less lower bound of W over the upper",
        effect=effect,
        interval=interval,
        bound=(-math.inf, NEGLIGIBLE),
        where="at the end",
        detail="More draws, or a better encoder, bring them together; quote both where they do not.",
        concerns=Concern.COVERAGE,
    )
