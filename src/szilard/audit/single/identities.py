"""Identities of the definitions: first law, W = Σ, U = S, the exact fluctuation theorem, Σ ≥ 0, σ along paths."""

from __future__ import annotations

import numpy as np

from szilard.audit.bounds import FLOAT
from szilard.audit.evidence import Evidence
from szilard.audit.finding import Basis, Concern, Finding, judge


def findings(evidence: Evidence) -> tuple[Finding, ...]:
    """The rows of this family; residuals are relative to the largest energy or flow up to their row."""
    if not evidence.records:
        return ()
    energy, entropy = evidence.column("energy"), evidence.column("entropy_conditional")
    work, heat, production = (evidence.column(name) for name in ("work", "heat", "ep_conditional"))
    scale = np.maximum.accumulate(np.abs(np.stack([energy, entropy, work, heat])).max(0)).clip(np.finfo(float).tiny)
    rows = [
        _row("first law", "W + Q = ΔU at every record", "docs: heat; paper Eqs. 38–39", evidence,
             (work + heat - (energy - energy[0])) / scale),
        _row("work is entropy production", "W = Σ(X|Θ) = −Q + ΔS(X|Θ) at every record", "paper Eqs. 22, 25", evidence,
             (work - production) / scale),
        _row("energy is entropy", "U = S(X|Θ): φ is normalised", "paper Eq. 25", evidence, (energy - entropy) / scale),
        _row("second law", "Σ(X|Θ) never falls from one record to the next", "paper, below Eq. 23", evidence,
             np.minimum(np.diff(production, prepend=production[0]), 0) / scale),
    ]  # fmt: skip
    if "fluctuation" in evidence.ledger:
        rows.append(
            _row("fluctuation theorem, exact sum", "⟨exp(−d)⟩ = 1 at every jump", "docs: fluctuation theorem", evidence,
                 evidence.column("fluctuation") - 1)
        )  # fmt: skip
    return (*rows, *_along_paths(evidence))


def _along_paths(evidence: Evidence) -> tuple[Finding, ...]:
    """σ = −q + s_n − s_0 holds on every trajectory, hence between the means of any two rows."""
    samples = evidence.samples
    if samples is None or samples.sizes["step"] < 2:
        return ()
    work, heat, entropy = (
        np.asarray(samples[f"{name}_sampled"].values, dtype=float) for name in ("work", "heat", "entropy")
    )
    scale = np.abs(np.stack([work, heat, entropy])).max().clip(np.finfo(float).tiny)
    residual = ((work - work[0]) + (heat - heat[0]) - (entropy - entropy[0])) / scale
    return (
        _row("entropy production along paths", "σ = −q + s_n − s_0 equals Σ d on sampled trajectories",
             "paper Eqs. 22–23", evidence, residual, np.asarray(samples["step"].values)),
    )  # fmt: skip


def _row(
    name: str, claim: str, source: str, evidence: Evidence, residual: np.ndarray, steps: np.ndarray | None = None
) -> Finding:
    steps = evidence.steps if steps is None else steps
    size = np.abs(residual)
    known = np.isfinite(size)
    worst = int(np.where(known, size, -1).argmax())
    largest = float(size[worst]) if known.any() else float("nan")
    return Finding(
        name=name,
        claim=claim,
        source=source,
        basis=Basis.CONSTRUCTION,
        concerns=Concern.RECORD,
        measure=f"largest relative residual of {int(known.sum())}",
        effect=largest,
        interval=(largest, largest),
        bound=(0.0, FLOAT),
        verdict=judge((largest, largest), (0.0, FLOAT)),
        where=f"worst at step {steps[worst]}" if largest > 0 else "whole run",
        detail="",
    )
