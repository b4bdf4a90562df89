"""Data processing (Eq. 4) and M-info (Eq. 5): what its bounds let one say."""

from __future__ import annotations

import math

from szilard.numbers import number
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Concern, Finding

UNBOUNDED = (
    "M-info has no upper bound here: ln K holds only where the K datasets are the population, the chain bound only "
    "where noise of known variance was added to the parameters."
)

MEMORISED = Claim(
    "memorised information",
    "M-info = I(Θ;B) = S(Θ)",
    "paper Eq. 5",
    "for a deterministic map S(Θ) is the entropy of its distinct outcomes, for others it is infinite or a "
    "differential entropy, which is neither and changes with the parametrisation: an exact system, or bounds.",
)
DATA_PROCESSING = Claim(
    "data processing",
    "M-info ≥ L-info: the lower bound of I(Θ;B) lies below the upper one",
    "paper Eq. 4",
    measure="lower bound less upper bound, nat",
    bound=(-math.inf, 0.0),
    concerns=Concern.RECORD,
)
FOR_THE_PROXY = Claim(
    "data processing for the proxy",
    "M-info ≥ I(X;Θ), as Eqs. 4 and 7 together say; no theorem",
    "paper Eqs. 4, 7",
    measure="M-info less I(X;Θ), nat; the effect is what is most favourable to the claim",
    bound=(0.0, math.inf),
)


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The rows of this family, at the last record."""
    return (MEMORISED.unchecked(), _inequality(reading), _proxy(reading))


def unbounded(reading: EnsembleReading) -> str:
    """Why M-info has no upper bound."""
    return reading.reason("m_info_upper") or UNBOUNDED


def _inequality(reading: EnsembleReading) -> Finding:
    """A theorem, so a failure is the bounds'; the lower one is itself L-info, of several inputs jointly."""
    if not reading.known_at_the_end("m_info_lower", "m_info_upper"):
        why = reading.missing("info_data", "m_info_lower") or unbounded(reading)
        return DATA_PROCESSING.unchecked(why)
    lower, upper = reading.at("m_info_lower"), reading.column("m_info_upper")[-1]
    low, high = lower.interval()
    return DATA_PROCESSING.tested(
        lower.value - upper,
        (low - upper, high - upper),
        where=reading.when(),
        detail=f"M-info is at least {number(lower.value, 4)} and at most {number(upper, 4)} nat.",
    )


def _proxy(reading: EnsembleReading) -> Finding:
    """M-info lies between its bounds, so the interval runs from the one less the proxy to the other."""
    if not reading.known_at_the_end("l_info") or not (
        reading.known_at_the_end("m_info_lower") or reading.known_at_the_end("m_info_upper")
    ):
        return FOR_THE_PROXY.unchecked(reading.missing("l_info", "info_data", "m_info_lower"))
    proxy = reading.at("l_info")
    lower = reading.at("m_info_lower")
    least = max(lower.interval()[0], 0.0) if math.isfinite(lower.value) else 0.0
    upper = float(reading.column("m_info_upper")[-1])
    most = upper if math.isfinite(upper) else math.inf
    low, high = proxy.interval()
    best = most if math.isfinite(most) else lower.value
    return FOR_THE_PROXY.tested(
        best - proxy.value,
        (least - high, most - low),
        where=reading.when(),
        detail=f"I(X;Θ) = {number(proxy.value, 4)} nat; M-info is at least {number(least, 4)}"
        + (f" and at most {number(most, 4)} nat." if math.isfinite(most) else f" nat. {unbounded(reading)}")
        + " The luck of the seed is in I(X;Θ) and not in M-info, so the proxy may exceed it.",
    )
