"""Entropy of the predictions, between certainty and ignorance."""

from __future__ import annotations

import math

from szilard.page.plot import Plot
from szilard.page.style import GREEN, Figure, Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.single.reading import SingleReading


def figure(reading: SingleReading) -> Figure | None:
    """None without a record."""
    if reading.records < 2:
        return None
    probe = reading.mapping("probe")
    outcomes, heads = probe.get("outcomes"), probe.get("heads") or 1
    plot = Plot(right=16)
    panel = plot.panel("entropy S(X|θ) (nat per input)", from_zero=True)
    panel.line(curve(reading, "entropy_conditional"), "entropy S(X|θ)", Pen(GREEN), unit="nat")
    if isinstance(outcomes, int) and outcomes > 1 and isinstance(heads, int):
        most = heads * math.log(outcomes)
        panel.rule(most, f"ignorance: {'' if heads == 1 else f'{heads} '}ln {outcomes} = {most:.3f} nat")
    return plot.figure(
        "entropy",
        "How sure the model is",
        "Conditional entropy S(X|θ) of the predictions: 0 when every prediction is certain, right or wrong. "
        "A function of state: neither the way nor how often one looks matters to it. Band: 95 %, over probe inputs.",
    )
