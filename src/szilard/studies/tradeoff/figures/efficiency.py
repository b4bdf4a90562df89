"""What compute buys: more sampler steps, or smaller updates."""

from __future__ import annotations

import math

import numpy as np

from szilard.numbers import number
from szilard.page.axes import Axis, positive, widened
from szilard.page.curve import Curve
from szilard.page.notes import SAID
from szilard.page.panel import Panel
from szilard.page.plot import Plot
from szilard.page.style import BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILLION, Figure, Pen
from szilard.studies.tradeoff.figures.marks import called, colour, draw, sampler_axis, symbol
from szilard.studies.tradeoff.reading import State, TradeOffReading


def carnot(reading: TradeOffReading) -> Figure:
    """Efficiency against compute: what more sampler steps and what smaller updates buy.

    A panel for each number of chains, a curve for each number of updates, a mark for each τ.
    """
    counts, kinds = reading.updates, reading.kinds
    computes = [state.compute for state in reading.states]
    span = (min(computes) / 1.3, max(computes) * 2.0)
    ticks = _ticks(min(computes), max(computes))
    across = Axis("compute n τ (sampler steps of a chain)", log=True, span=span, at=ticks)
    plot = Plot(across, legend="above", closest=True)
    for chains in kinds:
        panel = plot.panel("efficiency ΔI/(ΔI + Σ)", span=(0, 1.16))
        least = [reading.family(chains, updates)[0] for updates in counts]
        frontier = [reading.of_ensemble("efficiency", state).value for state in least]
        name = f"smaller and smaller updates, τ = {reading.sampler_steps[0]}"
        panel.reference([state.compute for state in least], frontier, name, Pen(GREY, width=9), opacity=0.25,
                        legend=len(plot.panels) == 1 and len(least) > 1)  # fmt: skip
        for place, updates in enumerate(counts):
            _family(reading, panel, reading.family(chains, updates), colour(place, len(counts)))
        panel.rule(1.0, "Σ = 0: quasi-static", right=True)
        panel.heading(called(chains))
    for place, tau in enumerate(reading.sampler_steps):
        plot.key(f"τ = {tau}", symbol(place), SAID)
    return plot.figure(
        "carnot",
        "Efficiency against compute: what more sampler steps buy, and what smaller updates",
        "The share of the entropy produced by X that became information, ΔI/(ΔI + Σ), against the sampler steps of "
        "a chain in all, n τ. One curve for each number of updates n: along it the sampler takes more steps τ "
        "after each update; from curve to curve the updates are more and smaller, at the same r n. A curve that "
        "flattens has reached perfect sampling: what it lacks to 1 is the price of updates that are finite, and "
        "only more of them lower it (grey). Points above one another cost the same. Bars: 95 % over data "
        "sets, which all points share.",
        panels=1 + len(kinds),
        wide=True,
    )


def _family(reading: TradeOffReading, panel: Panel, family: list[State], shade: str) -> None:
    """The curve of a number of updates, with its name to the right of its last point."""
    found = [reading.of_ensemble("efficiency", state) for state in family]
    symbols = [symbol(reading.sampler_steps.index(state.sampler_steps)) for state in family]
    text = [_told(reading, state) for state in family]
    draw(
        panel, [state.compute for state in family], found, f"n = {family[0].updates}", shade, symbol=symbols, text=text
    )
    known = [(state, each.value) for state, each in zip(family, found, strict=True) if math.isfinite(each.value)]
    if known:
        state, height = known[-1]
        name = f"n = {state.updates}, r = {number(state.rate, 3)}"
        panel.note(name, state.compute, height, shade, shift=(10, 0), backed=True)


def _ticks(low: int, high: int) -> list[float]:
    """Powers of two times the least."""
    ticks = [float(low)]
    while ticks[-1] * 2 <= high:
        ticks.append(ticks[-1] * 2)
    return ticks


def _told(reading: TradeOffReading, state: State) -> str:
    production = reading.mean("ep_conditional", state).value
    return f"{state.name}: Σ = {number(production, 3)} nat"


COLOURS = (VERMILLION, ORANGE, GREEN, BLUE, PURPLE)
FEWEST = 3
"""States of the same compute that make a curve; where there are none of that many, two do."""


def split(reading: TradeOffReading) -> Figure | None:
    """At fixed compute: efficiency against how it is split between sampler steps and updates.

    None where no two states have the same compute.
    """
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


def production(reading: TradeOffReading) -> Figure | None:
    """Entropy production against sampler steps, for each number of updates.

    None where there is but one τ.
    """
    if len(reading.sampler_steps) < 2:
        return None
    counts = reading.updates
    plot = Plot(sampler_axis(reading), right=64, closest=True)
    for chains in reading.kinds:
        panel, values = plot.panel("Σ (nat)", log=True), []
        for place, updates in enumerate(counts):
            family, shade = reading.family(chains, updates), colour(place, len(counts))
            taus = [state.sampler_steps for state in family]
            found = [reading.mean("ep_conditional", state) for state in family]
            fresh = np.array([reading.mean("work", state).value for state in family])
            draw(panel, taus, found, f"Σ, n = {updates}", shade, bars=False, end=f"n = {updates}")
            panel.line(Curve(np.array(taus), fresh), f"W, n = {updates}", Pen(shade, "dot", 1.6))
            values += [*fresh, *(each.value for each in found)]
        panel.span = widened(*positive(values), pad=1.6)
        panel.heading(called(chains))
    return plot.figure(
        "production",
        "A longer sampler does not bring Σ to 0",
        "Entropy production of X over the whole way, against the sampler steps after each update. Dotted: W, what "
        "samples drawn afresh after each update would dissipate on that way. Once X keeps up with the model Σ is "
        "W, however long the sampler runs; it is the number of updates that lowers both. Mean over members.",
    )
