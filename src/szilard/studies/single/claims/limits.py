"""Speed limits: the least work for the length travelled, and the order of the three lengths; true of any model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from szilard.ledger.speed_limits import speed_limit, speed_limit_one_sided
from szilard.numbers import number
from szilard.studies.single.reading import SingleReading
from szilard.verdicts.bounds import FLOAT
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Basis, Concern, Finding

TINY = 1e-30
"""Nats: below any work, so that a first record without work divides safely."""

LIMIT = Claim(
    "speed limit",
    "(W + W_rev)/2 ≥ 4n[1 − cos(L/2n)] after n jumps",
    "docs: length and speed limits",
    measure="largest relative violation",
    bound=(0.0, FLOAT),
    concerns=Concern.RECORD,
    basis=Basis.CONSTRUCTION,
)
ONE_SIDED = replace(LIMIT, name="one-sided speed limit", claim="W ≥ −2n ln cos(L/2n) after n jumps")
LENGTHS = replace(LIMIT, name="order of lengths", claim="mean over inputs ≤ joint ≤ root mean square over inputs")


def findings(reading: SingleReading) -> tuple[Finding, ...]:
    """The rows of this family; a violation is by how much a limit exceeds what was paid, relative to it."""
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
        (LIMIT, (least - symmetric) / _at_least(symmetric), f"{paid}: {times:.2f} times the least."),
        (ONE_SIDED, (looser - work) / _at_least(work),
         f"At the end {number(work[-1], 4)} nat were paid, the limit is {number(looser[-1], 4)} nat."),
        (LENGTHS, np.maximum(mean - length, length - rms) / _at_least(length),
         f"At the end {number(mean[-1], 4)} ≤ {number(length[-1], 4)} ≤ {number(rms[-1], 4)} nat^½."),
    )  # fmt: skip
    return tuple(_row(claim, reading, excess, detail) for claim, excess, detail in rows)


def _at_least(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.maximum(values, TINY))


def _row(claim: Claim, reading: SingleReading, excess: np.ndarray, detail: str) -> Finding:
    worst = int(np.nan_to_num(excess[1:], nan=-np.inf).argmax()) + 1
    violation = max(float(excess[worst]), 0.0) if np.isfinite(excess[1:]).any() else float("nan")
    return claim.tested(violation, where=f"tightest at step {reading.steps[worst]}", detail=detail)
