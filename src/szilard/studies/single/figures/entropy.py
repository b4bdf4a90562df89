"""Entropy of the predictions, between certainty and ignorance."""

from __future__ import annotations

import math

from szilard.page.axes import axis, layout, rule
from szilard.page.drawing import line
from szilard.page.style import GREEN, Figure, Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.single.reading import SingleReading


def figure(reading: SingleReading) -> Figure | None:
    """None without a record."""
    if reading.records < 2:
        return None
    probe = reading.mapping("probe")
    outcomes, heads = probe.get("outcomes"), probe.get("heads") or 1
    shapes, notes = [], []
    if isinstance(outcomes, int) and outcomes > 1 and isinstance(heads, int):
        most = heads * math.log(outcomes)
        shape, note = rule(most, f"ignorance: {'' if heads == 1 else f'{heads} '}ln {outcomes} = {most:.3f} nat")
        shapes, notes = [shape], [note]
    return Figure(
        key="entropy",
        title="How sure the model is",
        caption=(
            "Conditional entropy S(X|θ) of the predictions: 0 when every prediction is certain, right or wrong. "
            "A function of state: neither the way nor how often one looks matters to it. Band: 95 %, over probe inputs."
        ),
        data=line(curve(reading, "entropy_conditional"), "entropy S(X|θ)", Pen(GREEN), unit="nat"),
        layout=layout(
            axis("entropy S(X|θ) (nat per input)", rangemode="tozero"), right=16, shapes=shapes, annotations=notes
        ),
    )
