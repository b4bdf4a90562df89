"""Identities of the definitions, by capability: the first law, W = Σ, bounds that add up, the lagging chains."""

from __future__ import annotations

import numpy as np

from szilard.studies.sampled.evidence import SampledEvidence
from szilard.verdicts.finding import Finding
from szilard.verdicts.rows import identity

_FIRST_LAW = "docs: heat; paper Eqs. 38–39"


def findings(evidence: SampledEvidence) -> tuple[Finding, ...]:
    """The rows of this family; residuals are relative to the largest energy or flow up to their row."""
    if not evidence.records:
        return ()
    if evidence.capability == "bounded":
        return _of_bounds(evidence)
    if evidence.capability == "energetic":
        return _of_energies(evidence)
    work, heat, production = (evidence.column(name) for name in ("work", "heat", "ep_conditional"))
    change, entropy = evidence.column("entropy_change"), evidence.column("entropy_conditional")
    scale = _scale(work, heat, change, entropy)
    return (
        identity("first law", "W + Q = ΔS(X|Θ) = ΔU at every record", _FIRST_LAW, (work + heat - change) / scale,
                 evidence.steps),
        identity("work is entropy production", "W = Σ(X|Θ) = −Q + ΔS(X|Θ) at every record", "paper Eqs. 22, 25",
                 (work - production) / scale, evidence.steps),
    )  # fmt: skip


def _of_bounds(evidence: SampledEvidence) -> tuple[Finding, ...]:
    """Bounds take part in the first law crosswise: the upper one of heat pairs with the lower one of work."""
    work, below = evidence.column("work"), evidence.column("work_lower")
    heat, heat_below = evidence.column("heat"), evidence.column("heat_lower")
    change, change_below = evidence.column("entropy_change"), evidence.column("entropy_change_lower")
    scale = _scale(work, heat, heat_below, change, evidence.column("entropy_conditional"))
    return (
        identity("first law from above", "Q from above + W from below = ΔS(X|Θ) from above", _FIRST_LAW,
                 (heat + below - change) / scale, evidence.steps),
        identity("first law from below", "Q from below + W from above = ΔS(X|Θ) from below", _FIRST_LAW,
                 (heat_below + work - change_below) / scale, evidence.steps),
        identity("work is entropy production", "both bounds of Σ(X|Θ) are those of W", "paper Eqs. 22, 25",
                 (work - evidence.column("ep_conditional")) / scale, evidence.steps),
    )  # fmt: skip


def _of_energies(evidence: SampledEvidence) -> tuple[Finding, ...]:
    work, heat, change = (evidence.column(name) for name in ("work", "heat", "entropy_change"))
    lagged, absorbed = evidence.column("work_lagged"), evidence.column("heat_lagged")
    energy, free = evidence.column("energy_lagged"), evidence.column("free_energy_change")
    shadow = evidence.column("work_shadow") if evidence.has("work_shadow") else np.zeros_like(free)
    dissipated, scale = evidence.column("work_dissipated"), _scale(work, heat, lagged, absorbed, energy, free)
    return (
        identity("first law", "W + Q = ΔS(X|Θ) = Δ⟨E⟩ − ΔF at every record", _FIRST_LAW,
                 (work + heat - change) / scale, evidence.steps),
        identity("work is entropy production", "W = Σ(X|Θ) = −Q + ΔS(X|Θ) at every record", "paper Eqs. 22, 25",
                 (work - evidence.column("ep_conditional")) / scale, evidence.steps),
        identity("first law of the lagging chains", "W + Q = Δ⟨E⟩ along the chains at every record",
                 "docs: dissipated work; paper §3.3", (lagged + absorbed - (energy - energy[0])) / scale,
                 evidence.steps),
        identity("dissipated work", "W_diss = W − ΔF at every record", "docs: dissipated work",
                 (dissipated - (lagged + shadow - free)) / scale, evidence.steps),
        identity("work of the lag", "W_diss is an ideal sampler's work and the work of the lag",
                 "docs: dissipated work", (evidence.column("lag_work") + work - dissipated) / scale, evidence.steps),
    )  # fmt: skip


def _scale(*columns: np.ndarray) -> np.ndarray:
    return np.asarray(np.maximum.accumulate(np.abs(np.stack(columns)).max(0)).clip(np.finfo(float).tiny))
