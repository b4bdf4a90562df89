"""The run's few numbers at a glance."""

from __future__ import annotations

from szilard.page.cards import number
from szilard.page.content import Card
from szilard.page.safe import with_error
from szilard.studies.sampled.figures.view import View

QUANTITIES = (
    ("ΔS", "change of entropy", "entropy_change", ""),
    ("W", "work (= Σ)", "work", ""),
    ("Q", "heat absorbed", "heat", ""),
    ("W_diss", "dissipated by lagging chains", "work_dissipated", ""),
    ("ΔF", "change of free energy", "free_energy_change", ""),
    ("L", "length of the way", "length", "nat^½"),
)
"""Symbol, words, column and unit, the ledger's own where it is empty."""


def cards(view: View) -> list[Card]:
    """The ledger's ends, each with its standard error or between its bounds, and the held-out score."""
    if not view.enough:
        return []
    shown = []
    for symbol, words, column, unit in QUANTITIES:
        if not view.has(column):
            continue
        end, unit = view.evidence.at_end(column), unit or view.per
        if view.has(f"{column}_lower"):
            low = view.evidence.at_end(f"{column}_lower")
            shown.append(Card(symbol, words, _between(low.value, end.value), f"{unit}, lower to upper bound"))
        else:
            shown.append(number(symbol, words, end.value, end.error, unit))
    held_out, baseline = view.score("held_out"), view.score("baseline")
    if held_out is not None:
        name, value, error, units = held_out
        against = "" if baseline is None else f"; {baseline[0]}: {with_error(*baseline[1:3])}"
        card = number("", name if "held-out" in name else f"{name}, held out", value, error, units)
        shown.append(Card("", card.words, card.value, card.rest + against))
    return shown


def _between(low: float, high: float) -> str:
    return f"{low:.3g} to {high:.3g}".replace("-", "−")
