"""The run's few numbers at a glance."""

from __future__ import annotations

from szilard.report.cards import number
from szilard.report.content import Card
from szilard.report.single.view import View


def cards(view: View) -> list[Card]:
    """ΔS, W, Q, L and the accuracy, each with its standard error and unit."""
    if view.evidence.records < 2:
        return []
    change = view.entropy_change
    shown = [number("ΔS", "change of entropy", change.value, change.error, "nat per input")]
    for symbol, words, column, unit in (
        ("W", "work (= Σ)", "work", "nat per input"),
        ("Q", "heat absorbed", "heat", "nat per input"),
        ("L", "length of the way", "length", "nat^½"),
    ):
        end = view.evidence.at_end(column)
        shown.append(number(symbol, words, end.value, end.error, unit))
    if view.has("accuracy"):
        curve = view.curve("accuracy")
        error = float(curve.half[-1]) / view.width if curve.half is not None else 0.0
        shown.append(number("", "accuracy on the probe", float(curve.values[-1]), error, ""))
    return shown
