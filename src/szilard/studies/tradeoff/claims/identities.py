"""What holds exactly of chains that lag, on every way of the parameters: the second law's balance and Jarzynski's."""

from __future__ import annotations

import numpy as np

from szilard.studies.tradeoff.reading import TradeOffReading
from szilard.verdicts.finding import Finding
from szilard.verdicts.rows import identity


def findings(reading: TradeOffReading) -> tuple[Finding, ...]:
    """The balances that hold at every record: a row for each; none of a record without a way."""
    if not reading.whole:
        return ()
    column, steps = reading.column, reading.steps

    def against(residual: np.ndarray, scale: np.ndarray) -> np.ndarray:
        return residual / np.maximum(np.abs(scale), 1.0)

    balance = column("work_dissipated") - column("lag") - column("ep_conditional")
    work = column("work_lagged") - column("free_energy_change") - column("work_dissipated")
    mean = reading.by_dataset(column("ep_conditional")).mean(-1)
    marginal = column("ep_marginal") - mean - column("ep_ignorance")
    return (
        identity(
            "dissipation pays for lag and production", "Σ = W_diss − KL(ρ‖p)", "Eq. 22 at finite τ",
            against(balance, column("work_dissipated")), steps, along="state",
            detail="Heat and entropy of the chains on one side, work and free energy of the model on the other.",
        ),
        identity("dissipated work", "W_diss = W_lagged − ΔF", "§3.3", against(work, column("work_lagged")), steps,
                 along="state"),
        identity(
            "Jarzynski's identity", "⟨exp(−(W_lagged − ΔF))⟩ = 1 over chains that lag", "Jarzynski 1997",
            column("jarzynski") - 1.0, steps, along="state",
            detail="By the sampler's matrices, no path is drawn; it would fail for a kernel that moves p.",
        ),
        identity("conservation of information", "Δ L-info = Σ_X − Σ", "paper Eq. 26",
                 against(marginal, column("ep_marginal")), steps, along="state"),
    )  # fmt: skip
