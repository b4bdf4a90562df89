"""What every member's own ledger must satisfy: identities of the definitions, and work that rises above rounding."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from szilard.ledger.speed_limits import speed_limit, speed_limit_one_sided
from szilard.numbers import number
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.verdicts.bounds import ROUNDING, ROUNDING_FACTOR
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Concern, Finding, Verdict

TINY = 1e-30
"""Nats: below any work, so that a first record without work divides safely."""

FIRST_LAW = Claim("first law", "W + Q = ΔU for every member at every record", "docs: heat; paper Eqs. 38–39")
WORK = Claim("work is entropy production", "W = Σ(X|Θ) = −Q + ΔS(X|Θ) for every member", "paper Eqs. 22, 25")
ENERGY_IS_ENTROPY = Claim("energy is entropy", "U = S(X|Θ): φ is normalised", "paper Eq. 25")
SECOND_LAW = Claim("second law", "Σ(X|Θ) of no member ever falls", "paper, below Eq. 23")
FLUCTUATION = Claim(
    "fluctuation theorem, exact sum", "⟨exp(−d)⟩ = 1 at every jump of every member", "docs: fluctuation theorem"
)
LIMIT = Claim(
    "speed limit", "(W + W_rev)/2 ≥ 4n[1 − cos(L/2n)] after n jumps, for every member", "docs: length and speed limits"
)
ONE_SIDED = Claim(
    "one-sided speed limit", "W ≥ −2n ln cos(L/2n) after n jumps, for every member", "docs: length and speed limits"
)
PRECISION_FLOOR = Claim(
    "precision floor",
    "the work is the members', not rounding's",
    "docs: precision floor",
    measure="spurious work over W, the worst member",
    bound=(0.0, ROUNDING),
    concerns=Concern.RECORD,
)


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The rows of this family."""
    return (*_identities(reading), *_rounding(reading))


def _identities(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The worst of all members and records, relative to the member's largest energy or flow.

    Members that diverged have no numbers from then on, and are left out there.
    """
    ledger = reading.ledger
    if not ledger.sizes["step"]:
        return ()
    steps = np.asarray(ledger["step"].values)
    names = ("energy", "entropy_conditional", "work", "heat", "ep_conditional")
    energy, entropy, work, heat, production = (np.asarray(ledger[name].values, dtype=float) for name in names)
    flows = np.nan_to_num(np.abs(np.stack([energy, entropy, work, heat]))).max(0)
    scale = np.maximum.accumulate(flows).clip(np.finfo(float).tiny)
    falls = np.minimum(np.diff(production, axis=0, prepend=production[:1]), 0) / scale
    rows = [
        FIRST_LAW.identity((work + heat - (energy - energy[:1])) / scale, steps, along="member"),
        WORK.identity((work - production) / scale, steps, along="member"),
        ENERGY_IS_ENTROPY.identity((energy - entropy) / scale, steps, along="member"),
        SECOND_LAW.identity(falls, steps, along="member"),
    ]
    if "fluctuation" in ledger:
        excess = np.asarray(ledger["fluctuation"].values, dtype=float) - 1
        rows.append(FLUCTUATION.identity(excess, steps, along="member"))
    return (*rows, *_limits(reading, work, steps))


def _limits(reading: EnsembleReading, work: np.ndarray, steps: np.ndarray) -> tuple[Finding, ...]:
    """The least work for the length travelled after n jumps, n counting records from the first."""
    length, reverse = (np.asarray(reading.ledger[name].values, dtype=float) for name in ("length", "work_reverse"))
    symmetric = 0.5 * (work + reverse)
    least, looser = np.zeros_like(length), np.zeros_like(length)
    for jumps in range(1, len(steps)):
        for member in np.flatnonzero(np.isfinite(length[jumps])):
            least[jumps, member] = speed_limit(float(length[jumps, member]), jumps)
            looser[jumps, member] = speed_limit_one_sided(float(length[jumps, member]), jumps)
    paid = symmetric[-1][np.isfinite(symmetric[-1]) & (least[-1] > TINY)]
    due = least[-1][np.isfinite(symmetric[-1]) & (least[-1] > TINY)]
    times = f"At the end the members paid {np.median(paid / due):.2f} times the least (median)." if len(paid) else ""
    short = np.maximum(least - symmetric, 0) / np.maximum(symmetric, TINY)
    return (
        LIMIT.identity(short, steps, along="member", detail=times),
        ONE_SIDED.identity(np.maximum(looser - work, 0) / np.maximum(work, TINY), steps, along="member"),
    )


def _rounding(reading: EnsembleReading) -> tuple[Finding, ...]:
    """A floor accuses nobody: models that follow closely upon one another round alike."""
    if reading.records < 2:
        return ()
    work, floor = reading.of_members("work")[-1], reading.of_members("precision_floor")[-1]
    known = np.isfinite(floor) & (work > 0)
    if not known.any():
        return (PRECISION_FLOOR.unchecked("The record has no precision floor."),)
    shares = floor[known] / work[known]
    worst = float(shares.max())
    precision = str(reading.attributes.get("forward_precision", "an unknown precision"))
    feigned = number(np.median(shares), 1)
    detail = f"Rounding at {precision} would feign up to about {feigned} of the work (median of members)."
    row = PRECISION_FLOOR.tested(worst, (0.0, worst * ROUNDING_FACTOR), where=reading.when(), detail=detail)
    if reading.attributes.get("forward_flagged"):
        said = f"{detail} The forward pass was less precise than float32, which float64 sums do not mend."
        return (replace(row, detail=said, verdict=Verdict.UNDECIDED),)
    return (row,)
