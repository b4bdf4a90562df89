"""The budget at a glance."""

from __future__ import annotations

import math

from szilard.report.cards import number
from szilard.report.content import Card
from szilard.report.ensemble.style import LEVELS
from szilard.report.ensemble.view import View

UNIT = "nat per input"


def cards(view: View) -> list[Card]:
    """Learned, memorised, luck, the whole, and where to stop; a dash where the design cannot tell."""
    record = view.record
    if not record.records:
        return []
    shown = []
    for name, words, _, _ in LEVELS:
        estimate = record.at(name)
        if estimate is None:
            shown.append(Card("", words, "–", "not given by this design"))
        else:
            shown.append(_card("", words, estimate.value, float(estimate.error), record.saturated(name)))
    total = record.at("l_info")
    if total is not None:
        shown.append(_card("", "L-info, all together", total.value, float(total.error), record.saturated("l_info")))
    stop = record.stop
    if stop is not None and stop.resolved:
        cost = "found without a label" if math.isnan(stop.cost) else f"test loss {stop.cost:.1%} above its least"
        shown.append(Card("", "stop at step", f"{stop.step:,}", cost))
    return shown


def _card(symbol: str, words: str, value: float, error: float, saturated: bool) -> Card:
    unit = f"{UNIT}, saturated" if saturated else UNIT
    if not math.isfinite(error):
        return Card(symbol, words, f"{value:.3g}".replace("-", "−"), f"{unit}, no error")
    return number(symbol, words, value, error, unit)
