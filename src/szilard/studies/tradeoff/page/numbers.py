"""The states as a table of numbers."""

from __future__ import annotations

import math

from szilard.page.safe import escape, with_error
from szilard.studies.tradeoff.evidence import TradeOffEvidence

HEADINGS = (
    "updates n", "τ", "r", "compute n τ", "ΔI (nat)", "Σ (nat)", "W (nat)", "W_diss (nat)", "KL(ρ‖p) (nat)",
    "efficiency", "cross-entropy (nat)",
)  # fmt: skip


def numbers(evidence: TradeOffEvidence) -> str:
    """Every state, with standard errors over data sets."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in HEADINGS)
    rows = []
    for state in evidence.states:
        gained, efficiency = (evidence.of_ensemble(name, state) for name in ("ep_ignorance", "efficiency"))
        production, work, dissipated, lag, loss = (
            evidence.mean(name, state) for name in ("ep_conditional", "work", "work_dissipated", "lag", "cross_entropy")
        )
        cells = (
            f"{state.updates:,}", f"{state.sampler_steps}", f"{state.rate:.3g}", f"{state.compute:,}",
            with_error(gained.value, gained.error), with_error(production.value, production.error),
            f"{work.value:.4g}", f"{dissipated.value:.4g}", f"{lag.value:.2g}",
            with_error(efficiency.value, efficiency.error) if math.isfinite(efficiency.value) else "undefined",
            with_error(loss.value, loss.error),
        )  # fmt: skip
        body = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        rows.append(
            f'<tr><th scope="row">{escape("∞" if state.chains is None else f"{state.chains:,}")}</th>{body}</tr>'
        )
    return (
        "<details><summary>Every state in numbers, with standard errors</summary>"
        '<div class="scroll" tabindex="0" role="region" aria-label="Numbers"><table class="numbers"><thead><tr>'
        f'<th scope="col">chains</th>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div></details>'
    )
