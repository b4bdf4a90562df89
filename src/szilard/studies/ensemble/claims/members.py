"""Identities of every member's own ledger: first law, W = Σ, U = S, second law, fluctuation theorem, speed limit."""

from __future__ import annotations

import numpy as np

from szilard.ledger.speed_limits import speed_limit, speed_limit_one_sided
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.verdicts.finding import Finding
from szilard.verdicts.rows import identity

TINY = 1e-30
"""Nats: below any work, so that a first record without work divides safely."""


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The rows of this family: the worst of all members and records, relative to the member's largest energy or flow.

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
        identity("first law", "W + Q = ΔU for every member at every record", "docs: heat; paper Eqs. 38–39",
                 (work + heat - (energy - energy[:1])) / scale, steps, along="member"),
        identity("work is entropy production", "W = Σ(X|Θ) = −Q + ΔS(X|Θ) for every member", "paper Eqs. 22, 25",
                 (work - production) / scale, steps, along="member"),
        identity("energy is entropy", "U = S(X|Θ): φ is normalised", "paper Eq. 25", (energy - entropy) / scale, steps,
                 along="member"),
        identity("second law", "Σ(X|Θ) of no member ever falls", "paper, below Eq. 23", falls, steps, along="member"),
    ]  # fmt: skip
    if "fluctuation" in ledger:
        rows.append(
            identity("fluctuation theorem, exact sum", "⟨exp(−d)⟩ = 1 at every jump of every member",
                     "docs: fluctuation theorem", np.asarray(ledger["fluctuation"].values, dtype=float) - 1, steps,
                     along="member")
        )  # fmt: skip
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
    source = "docs: length and speed limits"
    return (
        identity("speed limit", "(W + W_rev)/2 ≥ 4n[1 − cos(L/2n)] after n jumps, for every member", source,
                 np.maximum(least - symmetric, 0) / np.maximum(symmetric, TINY), steps,
                 along="member", detail=times),
        identity("one-sided speed limit", "W ≥ −2n ln cos(L/2n) after n jumps, for every member", source,
                 np.maximum(looser - work, 0) / np.maximum(work, TINY), steps, along="member"),
    )  # fmt: skip
