"""Identities of the definitions: first law, W = Σ, U = S, the exact fluctuation theorem, Σ ≥ 0, σ along paths."""

from __future__ import annotations

import numpy as np

from szilard.studies.single.reading import SingleReading
from szilard.verdicts.finding import Finding
from szilard.verdicts.rows import identity


def findings(reading: SingleReading) -> tuple[Finding, ...]:
    """The rows of this family; residuals are relative to the largest energy or flow up to their row."""
    if not reading.records:
        return ()
    energy, entropy = reading.column("energy"), reading.column("entropy_conditional")
    work, heat, production = (reading.column(name) for name in ("work", "heat", "ep_conditional"))
    scale = np.maximum.accumulate(np.abs(np.stack([energy, entropy, work, heat])).max(0)).clip(np.finfo(float).tiny)
    rows = [
        identity("first law", "W + Q = ΔU at every record", "docs: heat; paper Eqs. 38–39",
             (work + heat - (energy - energy[0])) / scale, reading.steps),
        identity("work is entropy production", "W = Σ(X|Θ) = −Q + ΔS(X|Θ) at every record", "paper Eqs. 22, 25",
             (work - production) / scale, reading.steps),
        identity("energy is entropy", "U = S(X|Θ): φ is normalised", "paper Eq. 25", (energy - entropy) / scale,
             reading.steps),
        identity("second law", "Σ(X|Θ) never falls from one record to the next", "paper, below Eq. 23",
             np.minimum(np.diff(production, prepend=production[0]), 0) / scale, reading.steps),
    ]  # fmt: skip
    if "fluctuation" in reading.rows:
        rows.append(
            identity("fluctuation theorem, exact sum", "⟨exp(−d)⟩ = 1 at every jump", "docs: fluctuation theorem",
                 reading.column("fluctuation") - 1, reading.steps)
        )  # fmt: skip
    return (*rows, *_along_paths(reading))


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
    return (
        identity("entropy production along paths", "σ = −q + s_n − s_0 equals Σ d on sampled trajectories",
             "paper Eqs. 22–23", residual, np.asarray(samples["step"].values)),
    )  # fmt: skip
