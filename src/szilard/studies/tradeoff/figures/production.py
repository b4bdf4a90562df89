"""Entropy production against sampler steps, for each number of updates."""

from __future__ import annotations

from szilard.page.axes import layout
from szilard.page.logarithmic import between, ends, heading, logarithmic, range_of
from szilard.page.style import Figure
from szilard.studies.tradeoff.figures.marks import called, colour, marks, sampler_axis
from szilard.studies.tradeoff.reading import TradeOffReading


def figure(reading: TradeOffReading) -> Figure | None:
    """None where there is but one τ."""
    if len(reading.sampler_steps) < 2:
        return None
    data, axes, notes = [], [], []
    counts, kinds = reading.updates, reading.kinds
    for panel, chains in enumerate(kinds, start=1):
        labels, values = [], []
        for place, updates in enumerate(counts):
            family, shade = reading.family(chains, updates), colour(place, len(counts))
            taus = [state.sampler_steps for state in family]
            found = [reading.mean("ep_conditional", state) for state in family]
            fresh = [reading.mean("work", state).value for state in family]
            data.append(marks(taus, found, f"Σ, n = {updates}", shade, panel=panel, bars=False))
            data.append({"type": "scatter", "mode": "lines", "x": taus, "y": fresh, "name": f"W, n = {updates}",
                         "line": {"color": shade, "dash": "dot", "width": 1.6}, "hovertemplate": "%{y:.3g}",
                         "yaxis": "y" if panel == 1 else f"y{panel}", "showlegend": False})  # fmt: skip
            values += [*fresh, *(each.value for each in found)]
            labels.append((f"n = {updates}", found[-1].value, shade))
        low, high = between(*range_of(values), pad=1.6)
        axes.append(logarithmic("Σ (nat)", low, high))
        notes += [*ends(labels, low, high, panel), heading(called(chains), panel)]
    return Figure(
        key="production",
        title="A longer sampler does not bring Σ to 0",
        caption=(
            "Entropy production of X over the whole way, against the sampler steps after each update. Dotted: W, what "
            "samples drawn afresh after each update would dissipate on that way. Once X keeps up with the model Σ is "
            "W, however long the sampler runs; it is the number of updates that lowers both. Mean over members."
        ),
        data=data,
        layout=layout(*axes, x=sampler_axis(reading), right=64, annotations=notes, hovermode="closest"),
        along_steps=False,
        panels=len(kinds),
    )
