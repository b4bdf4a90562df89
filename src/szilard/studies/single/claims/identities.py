"""Identities of the definitions: first law, W = Σ, U = S, the exact fluctuation theorem, Σ ≥ 0, σ along paths."""

from __future__ import annotations

import numpy as np

from szilard.studies.single.reading import SingleReading
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding

FIRST_LAW = Claim("first law", "W + Q = ΔU at every record", "docs: heat; paper Eqs. 38–39")
WORK = Claim("work is entropy production", "W = Σ(X|Θ) = −Q + ΔS(X|Θ) at every record", "paper Eqs. 22, 25")
ENERGY_IS_ENTROPY = Claim("energy is entropy", "U = S(X|Θ): φ is normalised", "paper Eq. 25")
SECOND_LAW = Claim("second law", "Σ(X|Θ) never falls from one record to the next", "paper, below Eq. 23")
FLUCTUATION = Claim("fluctuation theorem, exact sum", "⟨exp(−d)⟩ = 1 at every jump", "docs: fluctuation theorem")
ALONG_PATHS = Claim(
    "entropy production along paths", "σ = −q + s_n − s_0 equals Σ d on sampled trajectories", "paper Eqs. 22–23"
)


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
    return (ALONG_PATHS.identity(residual, np.asarray(samples["step"].values)),)
