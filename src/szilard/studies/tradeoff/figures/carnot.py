"""Efficiency against compute: what more sampler steps and what smaller updates buy."""

from __future__ import annotations

import math
from typing import Any

from szilard.page.axes import axis, layout, rule
from szilard.page.logarithmic import heading, logarithmic
from szilard.page.style import Figure
from szilard.studies.tradeoff.figures.marks import called, colour, marks, symbol
from szilard.studies.tradeoff.reading import State, TradeOffReading


def figure(reading: TradeOffReading) -> Figure:
    """A panel for each number of chains, a curve for each number of updates, a mark for each τ."""
    data, axes, notes, shapes = [], [], [], []
    counts, kinds = reading.updates, reading.kinds
    computes = [state.compute for state in reading.states]
    for panel, chains in enumerate(kinds, start=1):
        data.append(_frontier(reading, chains, panel))
        for place, updates in enumerate(counts):
            family = reading.family(chains, updates)
            shade = colour(place, len(counts))
            found = [reading.of_ensemble("efficiency", state) for state in family]
            symbols = [symbol(reading.sampler_steps.index(state.sampler_steps)) for state in family]
            text = [_told(reading, state) for state in family]
            data.append(marks([state.compute for state in family], found, f"n = {updates}", shade, symbols=symbols,
                              panel=panel, text=text))  # fmt: skip
            last = max((place for place, each in enumerate(found) if math.isfinite(each.value)), default=None)
            if last is not None:
                notes.append(_beside(family[last], found[last].value, shade, panel))
        shape, note = rule(1.0, "Σ = 0: quasi-static", panel)
        shapes.append(shape)
        notes += [{**note, "x": 0.99, "xanchor": "right"}, heading(called(chains), panel)]
        axes.append(axis("efficiency ΔI/(ΔI + Σ)", range=[0, 1.16]))
    data += _legend(reading)
    return Figure(
        key="carnot",
        title="Efficiency against compute: what more sampler steps buy, and what smaller updates",
        caption=(
            "The share of the entropy produced by X that became information, ΔI/(ΔI + Σ), against the sampler steps of "
            "a chain in all, n τ. One curve for each number of updates n: along it the sampler takes more steps τ "
            "after each update; from curve to curve the updates are more and smaller, at the same r n. A curve that "
            "flattens has reached perfect sampling: what it lacks to 1 is the price of updates that are finite, and "
            "only more of them lower it (grey). Points above one another cost the same. Bars: 95 % over data "
            "sets, which all points share."
        ),
        data=data,
        layout=layout(
            *axes,
            x=logarithmic("compute n τ (sampler steps of a chain)", min(computes) / 1.3, max(computes) * 2.0,
                          tickvals=_ticks(min(computes), max(computes))),
            right=16,
            annotations=notes,
            shapes=shapes,
            showlegend=True,
            hovermode="closest",
            legend={"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom", "font": {"size": 12}},
        ) | {"margin": {"l": 64, "r": 16, "t": 40, "b": 48}},
        along_steps=False,
        panels=1 + len(kinds),
        wide=True,
    )  # fmt: skip


def _frontier(reading: TradeOffReading, chains: int | None, panel: int) -> dict[str, Any]:
    """From large to small updates at the smallest τ."""
    least = [reading.family(chains, updates)[0] for updates in reading.updates]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [state.compute for state in least],
        "y": [reading.of_ensemble("efficiency", state).value for state in least],
        "yaxis": "y" if panel == 1 else f"y{panel}",
        "name": f"smaller and smaller updates, τ = {reading.sampler_steps[0]}",
        "line": {"color": "#6B7280", "width": 9},
        "opacity": 0.25,
        "hoverinfo": "skip",
        "showlegend": panel == 1 and len(least) > 1,
    }


def _ticks(low: int, high: int) -> list[float]:
    """Powers of two times the least."""
    ticks = [float(low)]
    while ticks[-1] * 2 <= high:
        ticks.append(ticks[-1] * 2)
    return ticks


def _told(reading: TradeOffReading, state: State) -> str:
    production = reading.mean("ep_conditional", state).value
    return f"{state.name}: Σ = {production:.3g} nat"


def _beside(state: State, height: float, shade: str, panel: int) -> dict[str, Any]:
    """The name of a curve, to the right of its last point."""
    return {
        "text": f"n = {state.updates}, r = {state.rate:.3g}",
        "x": math.log10(state.compute),
        "y": height,
        "yref": "y" if panel == 1 else f"y{panel}",
        "xanchor": "left",
        "xshift": 10,
        "showarrow": False,
        "bgcolor": "rgba(255,255,255,0.8)",
        "font": {"color": shade, "size": 12},
    }


def _legend(reading: TradeOffReading) -> list[dict[str, Any]]:
    """The symbol of each τ."""
    return [
        {"type": "scatter", "mode": "markers", "x": [None], "y": [None], "name": f"τ = {tau}", "showlegend": True,
         "marker": {"color": "#4B5563", "symbol": symbol(place), "size": 9}, "hoverinfo": "skip"}
        for place, tau in enumerate(reading.sampler_steps)
    ]  # fmt: skip
