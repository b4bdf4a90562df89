"""What holds of any model by definition: laws, the exact fluctuation theorem, speed limits, the order of lengths."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from szilard.ledger.speed_limits import speed_limit, speed_limit_one_sided
from szilard.numbers import number
from szilard.studies.single.reading import SingleReading
from szilard.verdicts.bounds import FLOAT
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Basis, Concern, Finding

FIRST_LAW = Claim("first law", "W + Q = ΔU at every record", "docs: heat; paper Eqs. 38–39")
WORK = Claim("work is entropy production", "W = Σ(X|Θ) = −Q + ΔS(X|Θ) at every record", "paper Eqs. 22, 25")
ENERGY_IS_ENTROPY = Claim("energy is entropy", "U = S(X|Θ): φ is normalised", "paper Eq. 25")
SECOND_LAW = Claim("second law", "Σ(X|Θ) never falls from one record to the next", "paper, below Eq. 23")
FLUCTUATION = Claim("fluctuation theorem, exact sum", "⟨exp(−d)⟩ = 1 at every jump", "docs: fluctuation theorem")
ALONG_PATHS = Claim(
    "entropy production along paths", "σ = −q + s_n − s_0 equals Σ d on sampled trajectories", "paper Eqs. 22–23"
)
SPEED_LIMIT = Claim(
    "speed limit",
    "(W + W_rev)/2 ≥ 4n[1 − cos(L/2n)] after n jumps",
    "docs: length and speed limits",
    measure="largest relative violation",
    bound=(0.0, FLOAT),
    concerns=Concern.RECORD,
    basis=Basis.CONSTRUCTION,
)
ONE_SIDED = replace(SPEED_LIMIT, name="one-sided speed limit", claim="W ≥ −2n ln cos(L/2n) after n jumps")
LENGTHS = replace(SPEED_LIMIT, name="order of lengths", claim="mean over inputs ≤ joint ≤ root mean square over inputs")
TINY = 1e-30
"""Nats: below any work, so that a first record without work divides safely."""


def findings(reading: SingleReading) -> tuple[Finding, ...]:
    """The rows of this family; residuals are relative to the largest energy or flow up to their row."""
    if not reading.records:
        return ()
    energy, entropy = reading.column("energy"), reading.column("entropy_conditional")
    work, heat, production = (reading.column(name) for name in ("work", "heat", "ep_conditional"))
    scale = np.maximum.accumulate(np.abs(np.stack([energy, entropy, work, heat])).max(0)).clip(np.finfo(float).tiny)
    rows = [
        FIRST_LAW.identity((work + heat - (energy - energy[0])) / scale, reading.steps),
        WORK.identity((work - production) / scale, reading.steps),
        ENERGY_IS_ENTROPY.identity((energy - entropy) / scale, reading.steps),
        SECOND_LAW.identity(np.minimum(np.diff(production, prepend=production[0]), 0) / scale, reading.steps),
    ]
    if "fluctuation" in reading.rows:
        rows.append(FLUCTUATION.identity(reading.column("fluctuation") - 1, reading.steps))
    return (*rows, *_along_paths(reading), *_limits(reading))


def _along_paths(reading: SingleReading) -> tuple[Finding, ...]:
    """σ = −q + s_n − s_0 holds on every trajectory, hence between the means of any two rows."""
    samples = reading.samples
    if samples is None or samples.sizes["step"] < 2:
        return ()
    work, heat, entropy = (
        np.asarray(samples[f"{name}_sampled"].values, dtype=float) for name in ("work", "heat", "entropy")
    )
    scale = np.abs(np.stack([work, heat, entropy])).max().clip(np.finfo(float).tiny)
    residual = ((work - work[0]) + (heat - heat[0]) - (entropy - entropy[0])) / scale
    return (ALONG_PATHS.identity(residual, np.asarray(samples["step"].values)),)


def _limits(reading: SingleReading) -> tuple[Finding, ...]:
    """Rows on least work and lengths; a violation is by how much a limit exceeds what was paid, relative to it."""
    if not reading.whole:
        return ()
    length, work = reading.column("length"), reading.column("work")
    symmetric = 0.5 * (work + reading.column("work_reverse"))
    jumps = range(reading.records)
    least = np.array([speed_limit(float(x), n) if n else 0.0 for x, n in zip(length, jumps, strict=True)])
    looser = np.array([speed_limit_one_sided(float(x), n) if n else 0.0 for x, n in zip(length, jumps, strict=True)])
    mean, rms = reading.column("length_mean"), reading.column("length_rms")
    paid = f"At the end {number(symmetric[-1], 4)} nat were paid where {number(least[-1], 4)} would do"
    times = symmetric[-1] / max(least[-1], TINY)
    rows = (
        (SPEED_LIMIT, (least - symmetric) / _at_least(symmetric), f"{paid}: {times:.2f} times the least."),
        (ONE_SIDED, (looser - work) / _at_least(work),
         f"At the end {number(work[-1], 4)} nat were paid, the limit is {number(looser[-1], 4)} nat."),
        (LENGTHS, np.maximum(mean - length, length - rms) / _at_least(length),
         f"At the end {number(mean[-1], 4)} ≤ {number(length[-1], 4)} ≤ {number(rms[-1], 4)} nat^½."),
    )  # fmt: skip
    return tuple(_limit(claim, reading, excess, detail) for claim, excess, detail in rows)


def _at_least(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.maximum(values, TINY))


def _limit(claim: Claim, reading: SingleReading, excess: np.ndarray, detail: str) -> Finding:
    worst = int(np.nan_to_num(excess[1:], nan=-np.inf).argmax()) + 1
    violation = max(float(excess[worst]), 0.0) if np.isfinite(excess[1:]).any() else float("nan")
    return claim.tested(violation, where=f"tightest at step {reading.steps[worst]}", detail=detail)
