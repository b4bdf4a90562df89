"""The trained model's held-out score beside that of a simple baseline."""

from __future__ import annotations

from szilard.estimate import Estimate, Kind
from szilard.page.axes import axis, layout, spread
from szilard.page.safe import escape
from szilard.page.style import BLUE, ORANGE, Figure
from szilard.studies.sampled.reading import SampledReading
from szilard.verdicts.bounds import LEVEL


def figure(reading: SampledReading) -> Figure | None:
    """None unless both were recorded."""
    held_out, baseline = reading.score("held_out"), reading.score("baseline")
    if held_out is None or baseline is None or not (held_out.known and baseline.known):
        return None
    name = held_out.name
    rows = [("the model", held_out, BLUE, "circle"), (baseline.name, baseline, ORANGE, "square")]
    data, notes, ends = [], [], []
    for place, (who, score, colour, symbol) in enumerate(reversed(rows)):
        value, half = score.cost.value, float(Estimate(0.0, score.error, Kind.UNBIASED).interval(LEVEL)[1])
        ends += [value - half, value + half]
        data.append(
            {
                "type": "scatter", "mode": "markers", "x": [value], "y": [place], "name": escape(who),
                "marker": {"color": colour, "symbol": symbol, "size": 13}, "showlegend": False,
                "error_x": {"type": "data", "array": [half], "color": colour, "thickness": 2, "width": 6},
                "customdata": [half], "hovertemplate": "%{x:.4g} ± %{customdata:.2g}",
            }
        )  # fmt: skip
        notes.append({"text": escape(who), "xref": "paper", "x": 0.01, "xanchor": "left", "y": place + 0.3,
                      "showarrow": False, "font": {"color": colour, "size": 13}})  # fmt: skip
    low, high = spread(ends, pad=0.25)
    return Figure(
        key="score",
        title="Was it trained? Held-out data under the model and a baseline",
        caption=f"{name[:1].upper()}{name[1:]}: lower is better. Bars: 95 %, over held-out examples.",
        data=data,
        layout=layout(
            axis("", range=[-0.6, 1.6], showticklabels=False, ticks="", showgrid=False, zeroline=False),
            x=axis(held_out.units, range=[low, high]),
            right=16,
            annotations=notes,
            hovermode="closest",
        ),
        along_steps=False,
        tall=230,
    )
