"""The two laws, by capability: the first and what else follows from definitions; the second, within its error."""

from __future__ import annotations

import math

import numpy as np

from szilard.studies.sampled.reading import SampledReading
from szilard.verdicts.bounds import AGREEMENT
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Concern, Finding
from szilard.verdicts.intervals import scaled

LAW = "docs: heat; paper Eqs. 38–39"
PRODUCTION = "paper Eqs. 22, 25"
DISSIPATION = "docs: dissipated work"

FIRST_LAW = Claim("first law", "W + Q = ΔS(X|Θ) = ΔU at every record", LAW)
FIRST_LAW_OF_ENERGIES = Claim("first law", "W + Q = ΔS(X|Θ) = Δ⟨E⟩ − ΔF at every record", LAW)
FIRST_LAW_FROM_ABOVE = Claim("first law from above", "Q from above + W from below = ΔS(X|Θ) from above", LAW)
FIRST_LAW_FROM_BELOW = Claim("first law from below", "Q from below + W from above = ΔS(X|Θ) from below", LAW)
FIRST_LAW_LAGGED = Claim(
    "first law of the lagging chains",
    "W + Q = Δ⟨E⟩ along the chains at every record",
    "docs: dissipated work; paper §3.3",
)
WORK = Claim("work is entropy production", "W = Σ(X|Θ) = −Q + ΔS(X|Θ) at every record", PRODUCTION)
WORK_OF_BOUNDS = Claim("work is entropy production", "both bounds of Σ(X|Θ) are those of W", PRODUCTION)
DISSIPATED_WORK = Claim("dissipated work", "W_diss = W − ΔF at every record", DISSIPATION)
WORK_OF_THE_LAG = Claim("work of the lag", "W_diss is an ideal sampler's work and the work of the lag", DISSIPATION)
SECOND_LAW = Claim(
    "second law",
    "Σ(X|Θ) is not negative",
    "paper, below Eq. 23",
    measure="Σ(X|Θ) over max(W, |ΔS|)",
    bound=(-AGREEMENT, math.inf),
    concerns=Concern.RECORD,
)


def findings(reading: SampledReading) -> tuple[Finding, ...]:
    """Rows on the identities, and from the first step on one on Σ(X|Θ); none of an empty record."""
    if not reading.records:
        return ()
    production = never_negative(SECOND_LAW, reading, "ep_conditional")
    return (*_identities(reading), production) if reading.whole else _identities(reading)


def _identities(reading: SampledReading) -> tuple[Finding, ...]:
    """Residuals are relative to the largest energy or flow up to their row."""
    if reading.capability == "bounded":
        return _of_bounds(reading)
    if reading.capability == "energetic":
        return _of_energies(reading)
    work, heat, production = (reading.column(name) for name in ("work", "heat", "ep_conditional"))
    change, entropy = reading.column("entropy_change"), reading.column("entropy_conditional")
    scale = _scale(work, heat, change, entropy)
    return (
        FIRST_LAW.identity((work + heat - change) / scale, reading.steps),
        WORK.identity((work - production) / scale, reading.steps),
    )


def _of_bounds(reading: SampledReading) -> tuple[Finding, ...]:
    """Bounds take part in the first law crosswise: the upper one of heat pairs with the lower one of work."""
    work, below = reading.column("work"), reading.column("work_lower")
    heat, heat_below = reading.column("heat"), reading.column("heat_lower")
    change, change_below = reading.column("entropy_change"), reading.column("entropy_change_lower")
    scale = _scale(work, heat, heat_below, change, reading.column("entropy_conditional"))
    return (
        FIRST_LAW_FROM_ABOVE.identity((heat + below - change) / scale, reading.steps),
        FIRST_LAW_FROM_BELOW.identity((heat_below + work - change_below) / scale, reading.steps),
        WORK_OF_BOUNDS.identity((work - reading.column("ep_conditional")) / scale, reading.steps),
    )


def _of_energies(reading: SampledReading) -> tuple[Finding, ...]:
    work, heat, change = (reading.column(name) for name in ("work", "heat", "entropy_change"))
    lagged, absorbed = reading.column("work_lagged"), reading.column("heat_lagged")
    energy, free = reading.column("energy_lagged"), reading.column("free_energy_change")
    shadow = reading.column("work_shadow") if reading.has("work_shadow") else np.zeros_like(free)
    dissipated, scale = reading.column("work_dissipated"), _scale(work, heat, lagged, absorbed, energy, free)
    return (
        FIRST_LAW_OF_ENERGIES.identity((work + heat - change) / scale, reading.steps),
        WORK.identity((work - reading.column("ep_conditional")) / scale, reading.steps),
        FIRST_LAW_LAGGED.identity((lagged + absorbed - (energy - energy[0])) / scale, reading.steps),
        DISSIPATED_WORK.identity((dissipated - (lagged + shadow - free)) / scale, reading.steps),
        WORK_OF_THE_LAG.identity((reading.column("lag_work") + work - dissipated) / scale, reading.steps),
    )


def _scale(*columns: np.ndarray) -> np.ndarray:
    return np.asarray(np.maximum.accumulate(np.abs(np.stack(columns)).max(0)).clip(np.finfo(float).tiny))


def never_negative(claim: Claim, reading: SampledReading, column: str) -> Finding:
    """The row of one quantity that no protocol can make negative."""
    return claim.tested(
        *scaled(reading.at(column), reading.flow),
        detail="At the end of the run; from one record to the next an estimate may fall within its error.",
    )
