"""At fixed compute: efficiency against how it is split between sampler steps and updates."""

from __future__ import annotations

from szilard.page.plot import Plot
from szilard.page.style import BLUE, GREEN, ORANGE, PURPLE, VERMILLION, Figure
from szilard.studies.tradeoff.figures.marks import called, draw, sampler_axis
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
    plot = Plot(sampler_axis(reading), right=64, closest=True)
    for chains, several in groups.items():
        panel = plot.panel("efficiency", span=(0, 1.12))
        chosen = [states for states in several if len(states) >= min(FEWEST, longest)]
        for place, states in enumerate(chosen):
            shade, name = COLOURS[place % len(COLOURS)], f"n τ = {states[0].compute}"
            found = [reading.of_ensemble("efficiency", state) for state in states]
            draw(panel, [state.sampler_steps for state in states], found, name, shade, bars=False,
                 text=[state.name for state in states])  # fmt: skip
            panel.note(name, states[-1].sampler_steps, found[-1].value, shade, shift=(9, 0), backed=True)
        panel.heading(called(chains))
    return plot.figure(
        "split",
        "The same compute, split in different ways",
        "Along each curve the compute n τ is the same: to the right the sampler takes more steps after each of "
        "fewer, larger updates. Every curve falls: a sampler that keeps up need not be longer.",
    )
