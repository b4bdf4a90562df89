"""What a trade-off says, in plain words with numbers: for the terminal and for the page."""

from __future__ import annotations

import math

from szilard.estimate import Estimate
from szilard.numbers import number
from szilard.studies import sentences
from szilard.studies.tradeoff.claims.advice import advised
from szilard.studies.tradeoff.reading import TradeOffReading, chains_in_words
from szilard.verdicts.audit import Audit

CELL = 13
"""Width of a column in the terminal."""


def summary(reading: TradeOffReading, audit: Audit) -> str:
    """The record in a screenful of plain text: efficiencies by updates and sampler steps, the advice, and the audit."""
    if not reading.whole:
        return sentences.screenful(reading, audit, sentences.entry("recorded", "nothing."))
    told = sentences.entry("ensemble", f"{reading.span()}; the same way r n, compute n τ")
    for chains in reading.kinds:
        told += ["", *_table(reading, chains)]
    advice = _advice(reading)
    return sentences.screenful(reading, audit, [*told, "", *sentences.entry("sampler", advice)] if advice else told)


def paragraphs(reading: TradeOffReading, audit: Audit) -> list[tuple[str, str]]:
    """Paragraphs of plain text, each with a word to lead in."""
    if not reading.whole:
        return [("Nothing yet", "The record holds no way of the parameters.")]
    found = [
        ("The question", _question(reading)),
        ("The answer", _answer(reading)),
        ("Fixed compute", _fixed(reading)),
        ("Few chains", _noise(reading)),
        ("How long a sampler", _foretelling(reading)),
        ("The evidence", _trust(reading, audit)),
    ]
    return [(lead, text) for lead, text in found if text]


def _question(reading: TradeOffReading) -> str:
    return (
        "Ideal learning, says the paper, turns all the entropy that X produces into information, and τ ≫ 1 sampler "
        "steps after each update get there, at the price of time: its likeness to Carnot’s engine. Here small "
        "restricted Boltzmann machines learn real images of "
        f"{_pixels(reading)} pixels, so small that the law of X is followed exactly, state by state. All go the same "
        "way, r n; what differs is how many updates n they take for it, and how many sampler steps τ follow each."
    )


def _pixels(reading: TradeOffReading) -> str:
    shape = reading.attributes.get("shape")
    return " × ".join(map(str, shape)) if isinstance(shape, list | tuple) else "a few"


def _answer(reading: TradeOffReading) -> str:
    counts, steps = reading.updates, reading.sampler_steps
    if len(counts) < 2 or len(steps) < 2:
        return ""
    few, many = reading.family(None, counts[0]), reading.family(None, counts[-1])
    produced = {state.place: reading.mean("ep_conditional", state).value for state in (*few, *many)}
    gained = [reading.of_ensemble("efficiency", state).value for state in (few[0], many[0])]
    text = (
        f"With {counts[-1]} updates, τ from {steps[0]} to {steps[-1]} takes Σ from {number(produced[many[0].place])} "
        f"to {number(produced[many[-1].place])} nat and no further: X is in equilibrium after each update, and the "
        f"updates are finite. With τ = {steps[0]}, {counts[0]} to {counts[-1]} updates take it from "
        f"{number(produced[few[0].place])} to {number(produced[many[0].place])} nat, and the efficiency from "
        f"{gained[0]:.2f} to {gained[1]:.2f}. Quasi-static means small updates, not a long sampler."
    )
    if produced[few[-1].place] > 2 * produced[few[0].place]:
        text += (
            f" With {counts[0]} updates, r = {number(few[0].rate, 3)}, the longer sampler makes Σ "
            f"{produced[few[-1].place] / produced[few[0].place]:.0f} times as large: there the step is too long to be "
            "stable, θ swings to and fro, and chains that lag damp the swing."
        )
    return text


def _fixed(reading: TradeOffReading) -> str:
    groups = reading.equal_compute(None)
    if not groups:
        return ""
    states = max(groups, key=len)
    one, other = (reading.of_ensemble("efficiency", state).value for state in (states[0], states[-1]))
    return (
        f"Of {states[0].compute:,} sampler steps in all, {states[0].updates} updates with τ = "
        f"{states[0].sampler_steps} each are {one:.2f} efficient, {states[-1].updates} with τ = "
        f"{states[-1].sampler_steps} are {other:.2f}. A lag costs a factor (1 + λ)/(1 − λ) of Σ, λ the share that one "
        "update leaves unrelaxed; halving updates costs a "
        "factor 2. Steps of a sampler that keeps up are better spent on further updates."
    )


def _noise(reading: TradeOffReading) -> str:
    noisy = [chains for chains in reading.kinds if chains is not None]
    if not noisy or len(reading.sampler_steps) < 2:
        return ""
    chains, counts, steps = noisy[0], reading.updates, reading.sampler_steps
    free = reading.mean("ep_conditional", reading.family(None, counts[-1])[-1]).value
    few, many = (
        [reading.mean("ep_conditional", state).value for state in reading.family(chains, updates)]
        for updates in (counts[0], counts[-1])
    )
    text = (
        f"Gradients from {chains:,} chains shake the parameters, and X pays for every shake that it follows. With "
        f"{counts[-1]} updates and τ = {steps[-1]} that makes Σ {many[-1] / free:.0f} times as large as without noise, "
        f"{number(many[-1])} nat; with τ = {steps[0]} it is {number(many[0])} nat."
    )
    if len(counts) > 1:
        rises = "rises" if few[-1] > few[0] else "goes"
        text += (
            f" With {counts[0]} it {rises} with τ, from {number(few[0])} to {number(few[-1])} nat. This part of Σ "
            "falls with the size of the updates too."
        )
    return text


def _advice(reading: TradeOffReading) -> str:
    """What the smallest updates foretell of longer samplers; empty where there is no lag to tell from."""
    if len(reading.sampler_steps) < 2 or not reading.advice(reading.adviser).seen:
        return ""
    state = reading.adviser
    return f"At n = {state.updates}, over the second half of the way: {advised(reading, state)}"


def _foretelling(reading: TradeOffReading) -> str:
    advice = _advice(reading)
    if not advice:
        return ""
    return f"{advice} The foretelling takes one relaxation time and a steady motion for granted (kind: hypothesis)."


def _trust(reading: TradeOffReading, audit: Audit) -> str:
    said = [audit.verdict] if audit.rows else []
    said.append(
        f"{reading.datasets} data sets that share no image, the same for all states; errors leave one of them out at "
        "a time. Work, heat, lag and Σ are sums over all states of X, exact for each training."
    )
    return " ".join(said)


def _table(reading: TradeOffReading, chains: int | None) -> list[str]:
    """Efficiencies in the terminal: a line for each number of updates, a column for each τ."""
    steps = reading.sampler_steps
    found = [
        f"  efficiency ΔI/(ΔI + Σ), gradients from {chains_in_words(chains)}; Σ in nat at τ = {steps[-1]}",
        f"  {'n':>5}{'r':>7}   " + "".join(f"{f'τ = {tau}':<{CELL}}" for tau in steps) + "Σ",
    ]
    for updates in reading.updates:
        family = reading.family(chains, updates)
        last = reading.mean("ep_conditional", family[-1])
        shown = "".join(f"{_efficiency(reading.of_ensemble('efficiency', state)):<{CELL}}" for state in family)
        found.append(f"  {updates:>5}{family[0].rate:>7.3g}   {shown}{number(last.value)}")
    return found


def _efficiency(estimate: Estimate) -> str:
    return "undefined" if math.isnan(estimate.value) else f"{estimate.value:.2f} ± {estimate.error:.2f}"
