"""The page of a trade-off: it opens with efficiency against compute, the paper's likeness to Carnot drawn from data."""

from __future__ import annotations

import math

from szilard.numbers import number, with_error
from szilard.page.content import Card, Content
from szilard.page.numbers import folded
from szilard.page.safe import escape
from szilard.studies.pages import content_of
from szilard.studies.tradeoff.figures import LEADING, figures
from szilard.studies.tradeoff.reading import TradeOffReading
from szilard.studies.tradeoff.words import paragraphs
from szilard.verdicts.audit import Audit
from szilard.verdicts.bounds import LEVEL

PYTHON = (
    "import szilard\n\nrun = szilard.open({directory})\n"
    'run.tree["tradeoff"].efficiency.isel(step=-1)     # by state\n'
    'run.attributes["states"]                          # updates, sampler steps, chains and rate of each\nrun.audit()'
)
HEADINGS = (
    "chains", "updates n", "τ", "r", "compute n τ", "ΔI (nat)", "Σ (nat)", "W (nat)", "W_diss (nat)", "KL(ρ‖p) (nat)",
    "efficiency", "cross-entropy (nat)",
)  # fmt: skip


def content(reading: TradeOffReading, audit: Audit) -> Content:
    """The parts of the page."""
    whole = reading.whole
    return content_of(
        reading,
        audit,
        subtitle="What sampler steps and small updates buy of efficiency",
        cards=_cards(reading) if whole else [],
        leading=LEADING(reading) if whole else None,
        paragraphs=paragraphs(reading, audit),
        numbers=_numbers(reading) if whole else "",
        figures=figures(reading) if whole else [],
        python=PYTHON,
    )


def _cards(reading: TradeOffReading) -> list[Card]:
    """Efficiency with few and many updates, what τ does to Σ, and the information."""
    counts, steps = reading.updates, reading.sampler_steps
    shown = []
    for chains in reading.kinds:
        best = reading.best([state for state in reading.states if state.chains == chains])
        found = reading.of_ensemble("efficiency", best)
        low, high = found.interval(LEVEL)
        words = "best efficiency" if chains is None else f"with {chains:,} chains"
        shown.append(Card("", words, f"{found.value:.2f}", f"95 %: {low:.2f} to {min(high, 1.0):.2f}; {best.name}"))
    if len(steps) > 1:
        family = reading.family(None, counts[-1])
        ratio = reading.ratio("ep_conditional", family[-1], family[0])
        shown.append(Card("", f"Σ, τ = {steps[-1]} over τ = {steps[0]}", f"{ratio.value:.2f}", f"at n = {counts[-1]}"))
    if len(counts) > 1:
        one, other = (reading.family(None, updates)[-1] for updates in (counts[-1], counts[0]))
        ratio = reading.ratio("ep_conditional", one, other)
        shown.append(Card("", f"Σ, n = {counts[-1]} over n = {counts[0]}", number(ratio.value), f"at τ = {steps[-1]}"))
    learned = reading.of_ensemble("ep_ignorance", reading.family(None, counts[-1])[-1])
    shown.append(Card("ΔI", "information gained", with_error(learned.value, learned.error), "nat"))
    return shown


def _numbers(reading: TradeOffReading) -> str:
    """Every state, with standard errors over data sets."""
    rows = []
    for state in reading.states:
        gained, efficiency = (reading.of_ensemble(name, state) for name in ("ep_ignorance", "efficiency"))
        production, work, dissipated, lag, loss = (
            reading.mean(name, state) for name in ("ep_conditional", "work", "work_dissipated", "lag", "cross_entropy")
        )
        cells = (
            f"{state.updates:,}", f"{state.sampler_steps}", number(state.rate, 3), f"{state.compute:,}",
            with_error(gained.value, gained.error), with_error(production.value, production.error),
            number(work.value, 4), number(dissipated.value, 4), number(lag.value),
            with_error(efficiency.value, efficiency.error) if math.isfinite(efficiency.value) else "undefined",
            with_error(loss.value, loss.error),
        )  # fmt: skip
        rows.append(("∞" if state.chains is None else f"{state.chains:,}", cells))
    return folded("Every state in numbers, with standard errors", [escape(name) for name in HEADINGS], rows)
