"""What the record itself must satisfy: to be whole, of machines that learned, and what is exact of lagging chains."""

from __future__ import annotations

import math

import numpy as np

from szilard.estimate import Estimate
from szilard.studies.kits.complete import COMPLETE, complete_record
from szilard.studies.tradeoff.reading import TradeOffReading
from szilard.verdicts.bounds import LEVEL
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Concern, Finding

TRAINED = Claim(
    "trained machines",
    "every state learned more than the frequency of each pixel",
    "record",
    measure="cross-entropy of held-out images below that of independent pixels, nat",
    bound=(0.0, math.inf),
    concerns=Concern.COVERAGE,
)
DISSIPATION = Claim("dissipation pays for lag and production", "Σ = W_diss − KL(ρ‖p)", "Eq. 22 at finite τ")
DISSIPATED_WORK = Claim("dissipated work", "W_diss = W_lagged − ΔF", "§3.3")
JARZYNSKI = Claim("Jarzynski's identity", "⟨exp(−(W_lagged − ΔF))⟩ = 1 over chains that lag", "Jarzynski 1997")
CONSERVATION = Claim("conservation of information", "Δ L-info = Σ_X − Σ", "paper Eq. 26")


def findings(reading: TradeOffReading) -> tuple[Finding, ...]:
    """Whether the record is complete, whether every state learned something, and a row for each balance."""
    closed = complete_record(reading, COMPLETE, empty=not reading.whole)
    return (closed, _trained(reading), *_balances(reading)) if reading.whole else (closed,)


def _trained(reading: TradeOffReading) -> Finding:
    """Every state's cross-entropy on held-out images, less that of independent pixels; the least clear of them."""
    known = float(reading.mapping("baseline").get("cross_entropy", math.nan))
    found = [reading.mean("cross_entropy", state) for state in reading.states]
    gains = [Estimate(known - each.value, each.error, each.kind, each.degrees_of_freedom) for each in found]
    intervals = [gain.interval(LEVEL) for gain in gains]
    place = TRAINED.decisive(intervals)
    return TRAINED.tested(
        gains[place].value,
        intervals[place],
        where=f"{reading.states[place].name}, the least clear of {len(gains)} states",
        detail=f"Independent pixels, each with its frequency in the data set, have {known:.3f} nat.",
    )


def _balances(reading: TradeOffReading) -> tuple[Finding, ...]:
    """What holds at every record on every way of the parameters: the second law's balance and Jarzynski's."""
    column, steps = reading.column, reading.steps

    def against(residual: np.ndarray, scale: np.ndarray) -> np.ndarray:
        return residual / np.maximum(np.abs(scale), 1.0)

    balance = column("work_dissipated") - column("lag") - column("ep_conditional")
    work = column("work_lagged") - column("free_energy_change") - column("work_dissipated")
    mean = reading.by_dataset(column("ep_conditional")).mean(-1)
    marginal = column("ep_marginal") - mean - column("ep_ignorance")
    sides = "Heat and entropy of the chains on one side, work and free energy of the model on the other."
    exact = "By the sampler's matrices, no path is drawn; it would fail for a kernel that moves p."
    return (
        DISSIPATION.identity(against(balance, column("work_dissipated")), steps, along="state", detail=sides),
        DISSIPATED_WORK.identity(against(work, column("work_lagged")), steps, along="state"),
        JARZYNSKI.identity(column("jarzynski") - 1.0, steps, along="state", detail=exact),
        CONSERVATION.identity(against(marginal, column("ep_marginal")), steps, along="state"),
    )
