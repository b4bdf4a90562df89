"""A trade-off at a glance."""

from __future__ import annotations

import numpy as np

from szilard.page.content import Card
from szilard.page.safe import with_error
from szilard.studies.tradeoff.evidence import TradeOffEvidence
from szilard.verdicts.bounds import LEVEL


def cards(evidence: TradeOffEvidence) -> list[Card]:
    """Efficiency with few and many updates, what τ does to Σ, and the information."""
    counts, steps = evidence.updates, evidence.sampler_steps
    shown = []
    for chains in evidence.kinds:
        best = max(
            (state for state in evidence.states if state.chains == chains),
            key=lambda state: np.nan_to_num(evidence.of_ensemble("efficiency", state).value, nan=-1.0),
        )
        found = evidence.of_ensemble("efficiency", best)
        low, high = found.interval(LEVEL)
        words = "best efficiency" if chains is None else f"with {chains:,} chains"
        shown.append(Card("", words, f"{found.value:.2f}", f"95 %: {low:.2f} to {min(high, 1.0):.2f}; {best.name}"))
    if len(steps) > 1:
        family = evidence.family(None, counts[-1])
        ratio = evidence.ratio("ep_conditional", family[-1], family[0])
        shown.append(Card("", f"Σ, τ = {steps[-1]} over τ = {steps[0]}", f"{ratio.value:.2f}", f"at n = {counts[-1]}"))
    if len(counts) > 1:
        one, other = (evidence.family(None, updates)[-1] for updates in (counts[-1], counts[0]))
        ratio = evidence.ratio("ep_conditional", one, other)
        shown.append(Card("", f"Σ, n = {counts[-1]} over n = {counts[0]}", f"{ratio.value:.2g}", f"at τ = {steps[-1]}"))
    learned = evidence.of_ensemble("ep_ignorance", evidence.family(None, counts[-1])[-1])
    shown.append(Card("ΔI", "information gained", with_error(learned.value, learned.error), "nat"))
    return shown
