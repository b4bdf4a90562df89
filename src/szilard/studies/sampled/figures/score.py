"""The trained model's held-out score beside that of a simple baseline."""

from __future__ import annotations

from szilard.estimate import Estimate, Kind
from szilard.page.axes import Axis, spread
from szilard.page.plot import Plot
from szilard.page.style import BLUE, ORANGE, Figure, Pen
from szilard.studies.sampled.reading import SampledReading
from szilard.verdicts.bounds import LEVEL


def figure(reading: SampledReading) -> Figure | None:
    """Both on one scale, the model above; None unless both were recorded."""
    held_out, baseline = reading.score("held_out"), reading.score("baseline")
    if held_out is None or baseline is None or not (held_out.known and baseline.known):
        return None
    rows = [(baseline.name, baseline, ORANGE, "square"), ("the model", held_out, BLUE, "circle")]
    halves = [float(Estimate(0.0, score.error, Kind.UNBIASED).interval(LEVEL)[1]) for _, score, _, _ in rows]
    values = [score.cost.value for _, score, _, _ in rows]
    ends = [value + sign * half for value, half in zip(values, halves, strict=True) for sign in (-1, 1)]
    plot = Plot(Axis(held_out.units, span=spread(ends, pad=0.25)), right=16, closest=True)
    panel = plot.panel("", span=(-0.6, 1.6), labelled=False, ticked=False, grid=False, zero_line=False)
    for place, (who, _, colour, symbol) in enumerate(rows):
        panel.points([values[place]], [place], who, Pen(colour), symbol, across=[halves[place]], size=13, digits=4)
        panel.aside(who, place + 0.3, colour, size=13)
    name = held_out.name
    return plot.figure(
        "score",
        "Was it trained? Held-out data under the model and a baseline",
        f"{name[:1].upper()}{name[1:]}: lower is better. Bars: 95 %, over held-out examples.",
        tall=230,
    )
