"""The budget at a glance."""

from __future__ import annotations

import math

from szilard.estimate import Estimate
from szilard.page.cards import number
from szilard.page.content import Card
from szilard.studies.ensemble import told
from szilard.studies.ensemble.figures.style import LEVELS
from szilard.studies.ensemble.figures.view import View

UNIT = "nat per input"


def cards(view: View) -> list[Card]:
    """Learned, memorised, luck, the whole, and where to stop; a dash where the design cannot tell."""
    record = view.record
    if not record.records:
        return []
    shown = []
    if record.lost:
        rest = f"of {record.size:,} members; what follows is from step {record.steps[-1]:,}"
        shown.append(Card("", "diverged", f"{record.lost:,}", rest))
    for name, words, _, _ in LEVELS:
        estimate = record.at(name)
        if estimate is None:
            shown.append(Card("", words, "–", "not given by this design"))
        else:
            shown.append(_card(view, name, words, estimate))
    total = record.at("l_info")
    if total is not None:
        shown.append(_card(view, "l_info", "L-info, all together", total))
    stop = record.stop
    if stop is not None and stop.resolved:
        cost = (
            "found without a label"
            if math.isnan(stop.cost)
            else f"{told.loss_name(record)} {stop.cost:.1%} above its least"
        )
        shown.append(Card("", "stop at step", f"{stop.step:,}", cost))
    return shown


def _card(view: View, name: str, words: str, estimate: Estimate) -> Card:
    """The number; where the design is too small for one, its bracket."""
    bracket = view.record.bracket(name)
    if bracket is not None and view.record.saturated(name):
        low, high = (f"{end:.2g}".replace("-", "−") for end in bracket)
        return Card("", words, f"{low} … {high}", f"{UNIT}: bracket; corrected estimate {told.amount(estimate)}")
    if not math.isfinite(float(estimate.error)):
        return Card("", words, f"{estimate.value:.3g}".replace("-", "−"), f"{UNIT}, no error")
    return number("", words, estimate.value, float(estimate.error), UNIT)
