"""Ideal, quasi-static learning: whether the conditional entropy production vanishes beside the change of entropy."""

from __future__ import annotations

import math

from szilard.numbers import with_error
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.verdicts.bounds import LEVEL, QUASI_STATIC
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding

QUASI_STATIC_LEARNING = Claim(
    "quasi-static learning",
    "the conditional entropy production is nearly zero: all of Σ_X becomes learned information",
    "paper §5, The Ideal Learning Process",
    measure="Σ(X|Θ) over |ΔS(X|Θ)|",
    bound=(0.0, QUASI_STATIC),
    at_interval=True,
)


def findings(reading: WatchedReading) -> tuple[Finding, ...]:
    """The rows of this family: ``Σ/|ΔS|``, with the widest ratio that both intervals allow (Σ and ΔS share inputs)."""
    if not reading.whole:
        return ()
    production = reading.at("ep_conditional")
    change = reading.entropy_change
    low, high = (max(end, 0.0) for end in production.interval(LEVEL))
    ends = [abs(end) for end in change.interval(LEVEL)]
    least = 0.0 if change.interval(LEVEL)[0] <= 0 <= change.interval(LEVEL)[1] else min(ends)
    interval = (low / max(ends) if max(ends) > 0 else math.inf, high / least if least > 0 else math.inf)
    ratio = production.value / abs(change.value) if change.value else math.inf
    return (
        QUASI_STATIC_LEARNING.tested(
            ratio,
            interval,
            detail=(
                f"Σ(X|Θ) = {with_error(production.value, production.error)} nat against ΔS(X|Θ) = "
                f"{with_error(change.value, change.error)} nat per input, "
                f"{_at_interval(reading)}; another k gives another number."
            ),
        ),
    )


def _at_interval(reading: WatchedReading) -> str:
    every = reading.attributes.get("every")
    return f"at k = {every:,} training steps" if isinstance(every, int) else "at this measuring interval"
