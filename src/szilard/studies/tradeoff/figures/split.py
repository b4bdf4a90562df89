"""At fixed compute: efficiency against how it is split between sampler steps and updates."""

from __future__ import annotations

import math

from szilard.page.axes import axis, layout
from szilard.page.logarithmic import heading
from szilard.page.style import BLUE, GREEN, ORANGE, PURPLE, VERMILLION, Figure
from szilard.studies.tradeoff.figures.marks import called, marks, sampler_axis
from szilard.studies.tradeoff.reading import TradeOffReading

COLOURS = (VERMILLION, ORANGE, GREEN, BLUE, PURPLE)
FEWEST = 3
"""States of the same compute that make a curve; where there are none of that many, two do."""


def figure(reading: TradeOffReading) -> Figure | None:
    """None where no two states have the same compute."""
    groups = {chains: reading.equal_compute(chains) for chains in reading.kinds}
    longest = max((len(states) for each in groups.values() for states in each), default=0)
    if longest < 2:
        return None
    data, axes, notes = [], [], []
    for panel, (chains, several) in enumerate(groups.items(), start=1):
        chosen = [states for states in several if len(states) >= min(FEWEST, longest)]
        for place, states in enumerate(chosen):
            shade = COLOURS[place % len(COLOURS)]
            found = [reading.of_ensemble("efficiency", state) for state in states]
            name = f"n τ = {states[0].compute}"
            data.append(marks([state.sampler_steps for state in states], found, name, shade, panel=panel, bars=False,
                              text=[state.name for state in states]))  # fmt: skip
            notes.append({"text": name, "x": math.log10(states[-1].sampler_steps), "y": found[-1].value,
                          "showarrow": False, "yref": "y" if panel == 1 else f"y{panel}", "xanchor": "left",
                          "xshift": 9,
                          "bgcolor": "rgba(255,255,255,0.8)", "font": {"size": 12, "color": shade}})  # fmt: skip
        axes.append(axis("efficiency", range=[0, 1.12]))
        notes.append(heading(called(chains), panel))
    return Figure(
        key="split",
        title="The same compute, split in different ways",
        caption=(
            "Along each curve the compute n τ is the same: to the right the sampler takes more steps after each of "
            "fewer, larger updates. Every curve falls: a sampler that keeps up need not be longer."
        ),
        data=data,
        layout=layout(*axes, x=sampler_axis(reading), right=64, annotations=notes, hovermode="closest"),
        along_steps=False,
        panels=len(axes),
    )
