"""The run's few numbers at a glance."""

from __future__ import annotations

from szilard.report.safe import escape, prose, with_error
from szilard.report.view import View


def cards(view: View) -> str:
    """ΔS, W, Q, L and the accuracy, each with its standard error and unit."""
    if view.evidence.records < 2:
        return ""
    change = view.entropy_change
    shown = [("ΔS", "change of entropy", with_error(change.value, change.error), "nat per input")]
    for symbol, words, column, unit in (
        ("W", "work (= Σ)", "work", "nat per input"),
        ("Q", "heat absorbed", "heat", "nat per input"),
        ("L", "length of the way", "length", "nat^½"),
    ):
        end = view.evidence.at_end(column)
        shown.append((symbol, words, with_error(end.value, end.error), unit))
    if view.has("accuracy"):
        curve = view.curve("accuracy")
        error = float(curve.half[-1]) / view.width if curve.half is not None else 0.0
        shown.append(("", "accuracy on the probe", with_error(float(curve.values[-1]), error), ""))
    items = "".join(_card(*card) for card in shown)
    return f'<ul class="cards">{items}</ul>'


def _card(symbol: str, words: str, amount: str, unit: str) -> str:
    value, _, error = amount.partition("\u00a0±\u00a0")
    return (
        f'<li><span class="symbol">{escape(symbol)}</span> <span class="words">{escape(words)}</span>'
        f"<strong>{escape(value)}</strong> ±\u00a0{escape(error)} {prose(unit)}</li>"
    )
