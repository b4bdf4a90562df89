"""Latent variables: whether the bounds on either side are in order, and close enough to speak of one number."""

from __future__ import annotations

import math

from szilard.estimate import Estimate
from szilard.studies.kits.watched.between import between
from szilard.studies.sampled.reading import SampledReading
from szilard.verdicts.bounds import NEGLIGIBLE
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Concern, Finding
from szilard.verdicts.intervals import difference, ratio

ORDER = Claim(
    "bounds of {} in order",
    "the upper bound of {} lies above the lower one",
    "docs: sampled ledger",
    measure="upper less lower over upper",
    bound=(-NEGLIGIBLE, math.inf),
    concerns=Concern.RECORD,
)
CLOSE = Claim(
    "bounds close in",
    "the bounds of W leave its first digit",
    "docs: sampled ledger",
    measure="upper less lower bound of W over the upper",
    bound=(-math.inf, NEGLIGIBLE),
    concerns=Concern.COVERAGE,
)


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
    return ORDER.about(symbol).tested(
        *difference(above, below, max(abs(above.value), 1e-300)),
        where="at the end",
        detail="Both are estimates, and may cross within their errors where they nearly meet.",
    )


def _close(reading: SampledReading) -> Finding:
    bounds = between(reading, "work")
    assert bounds is not None
    above, below = bounds.above, bounds.below
    gap = Estimate(above.value - below.value, math.hypot(above.error, below.error), above.kind)
    return CLOSE.tested(
        *ratio(gap, above),
        where="at the end",
        detail=(
            f"{'The bound from below says nothing: all that is known is W ≥ 0. ' if bounds.vacuous else ''}"
            "More draws, or a better encoder, bring them together; quote both where they do not."
        ),
    )
