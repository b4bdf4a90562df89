"""What one run says, in plain words with numbers: for the terminal and for the page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from szilard.numbers import number, percent, with_error
from szilard.studies import sentences
from szilard.studies.kits.parameters.words import in_words as reservoir_in_words
from szilard.studies.kits.watched.learning import in_words as outcome_in_words
from szilard.studies.kits.watched.words import (
    NO_LEDGER,
    NOT_DEFINED,
    NOTHING_YET,
    TOO_FEW,
    by_phases,
    first_law,
    ledger_table,
    motion,
    set_aside,
)
from szilard.studies.single.reading import SingleReading
from szilard.verdicts.audit import Audit
from szilard.verdicts.bounds import FEWEST_JUMPS, STILL

QUANTITIES = (
    ("W", "work", "work"),
    ("Q", "heat absorbed", "heat"),
    ("ΔS", "change of conditional entropy", "entropy_change"),
    ("Σ", "conditional entropy production", "ep_conditional"),
    ("L", "statistical length", "length"),
)
NOTE = "since the first record, per input; ± one standard error; exact for these probe inputs"
PERFORMANCE = (
    ("accuracy", "accuracy", " on the probe"),
    ("cross_entropy", "cross-entropy", " nat on the probe"),
    ("loss", "loss", " of the training"),
)
"""Column, words, and unit and place."""


def summary(reading: SingleReading, audit: Audit) -> str:
    """The record in a screenful of plain text: what came of it, the ledger, what moved the model, and the audit."""
    told = [*sentences.entry("outcome", outcome(reading)), ""] if reading.whole else []
    told += [*sentences.model(reading.attributes), *sentences.probe(reading.attributes)]
    told += sentences.entry("recorded", _recorded(reading))
    if reading.records:
        told += ["", *ledger_table(reading, QUANTITIES, NOTE), "", *_at_interval(reading)]
        told += [*sentences.entry("first law", first_law(reading)), *sentences.entry("motion", motion(reading))]
        told += _performance(reading)
    else:
        told += sentences.entry("ledger", NOT_DEFINED if reading.has_ledger else NO_LEDGER)
    if reading.records or not reading.has_ledger:
        told += [line for label, said in _reservoir(reading, audit) for line in sentences.entry(label, said)]
    return sentences.screenful(reading, audit, told, remarks=set_aside(reading))


def paragraphs(reading: SingleReading, audit: Audit) -> list[tuple[str, str]]:
    """Paragraphs of plain text, each with a word to lead in."""
    reservoir = [f"{lead[:1].upper()}{lead[1:]}: {said}" for lead, said in _reservoir(reading, audit)]
    if not reading.has_ledger:
        without = [("The run", f"{_watched(reading)} Ledger: {NO_LEDGER}"), ("The reservoir", " ".join(reservoir))]
        return [(lead, text) for lead, text in without if text]
    if not reading.whole:
        return [("The run", f"{_watched(reading)} {NOTHING_YET}")]
    found = [
        ("The outcome", outcome(reading)),
        ("The run", f"{_watched(reading)} {_entropy(reading)}"),
        ("The cost", _cost(reading)),
        ("The motion", _motion(reading)),
        ("The reservoir", " ".join(reservoir)),
        ("The evidence", _trust(reading, audit)),
    ]
    return [(lead, text) for lead, text in found if text]


def outcome(reading: SingleReading) -> str:
    """Whether the model learned, of a record with two rows or more."""
    return outcome_in_words(reading.rows, reading.drift_share)


def _reservoir(reading: SingleReading, audit: Audit) -> list[tuple[str, str]]:
    """The parameters as a heat reservoir, where bursts were recorded."""
    return [] if reading.bursts is None else reservoir_in_words(reading.bursts, audit.rows)


def at_one_interval(reading: SingleReading) -> str:
    """What runs are compared by where the measuring interval doubled on the way; empty where it did not."""
    if not reading.attributes.get("every_changes") or not reading.has("work_at_interval", "length_at_interval"):
        return ""
    work, length = (reading.at(f"{name}_at_interval") for name in ("work", "length"))
    return (
        f"Looked at every {_steps(reading.attributes.get('every'))} from its first step on, the way took W = "
        f"{with_error(work.value, work.error)} nat and was L = {with_error(length.value, length.error)} nat^½ long: "
        "compare runs by these."
    )


# For the terminal


def _recorded(reading: SingleReading) -> str:
    covered = f"{reading.span()} in {reading.records:,} records" if reading.records else "nothing yet"
    if not reading.has_ledger and reading.bursts is not None:
        covered = f"{reading.bursts.span()} in {reading.bursts.records:,} bursts"
    return f"{covered}; {_interval(reading.attributes)}"


def _interval(attributes: Mapping[str, Any]) -> str:
    every = attributes.get("every")
    if not isinstance(every, int):
        return "the interval was not fixed yet"
    text = f"every k = {every:,} steps, "
    if attributes.get("every_changes"):
        text = f"every step at first, every k = {every:,} steps at the end, "
    if attributes.get("every_chosen_by") != "budget":
        return text + "chosen by the user"
    budget = attributes.get("budget")
    return text + ("chosen by the budget" + (f" of {100 * budget:g} %" if isinstance(budget, int | float) else ""))


def _at_interval(reading: SingleReading) -> list[str]:
    """W and L of the path looked at as seldom as at the end, where the interval changed on the way."""
    return sentences.entry("throughout", said) if (said := at_one_interval(reading)) else []


def _performance(reading: SingleReading) -> list[str]:
    """Accuracy and cross-entropy on the probe, loss of the training: first and last."""
    found = []
    for column, words, where in PERFORMANCE:
        known = np.flatnonzero(np.isfinite(reading.column(column)))
        if known.size:
            first, last = (reading.at(column, int(row)) for row in known[[0, -1]])
            found += sentences.entry(words, f"{number(first.value, 4)} → {with_error(last.value, last.error)}{where}")
    return found


# For the page


def _watched(reading: SingleReading) -> str:
    model, probe, optimizer = reading.mapping("model"), reading.mapping("probe"), reading.mapping("optimizer")
    what = f"A model ({model.get('class', 'of unknown class')}"
    if isinstance(model.get("parameters"), int):
        what += f", {model['parameters']:,} parameters"
    what += f") was trained by {optimizer['class']}" if optimizer.get("class") else ") was trained"
    every = reading.attributes.get("every")
    bursts = reading.bursts
    said = f"{what} and watched at {reading.records:,} records, {reading.span()}"
    doubled = ", at first one every training step and at the end" if reading.attributes.get("every_changes") else ","
    if not reading.has_ledger and bursts is not None:
        said, doubled = f"{what} and watched at {bursts.records:,} bursts, {bursts.span()}", ","
    said += f"{doubled} one every {_steps(every)}" if isinstance(every, int) else ""
    inputs, outcomes, heads = probe.get("inputs"), probe.get("outcomes"), probe.get("heads")
    if isinstance(inputs, int) and isinstance(outcomes, int):
        many = f"{heads} labels of " if isinstance(heads, int) and heads > 1 else ""
        noun = "input" if inputs == 1 else "inputs"
        said += f", on {inputs:,} fixed probe {noun} with {many}{outcomes:,} possible outcomes"
    return said + "."


def _entropy(reading: SingleReading) -> str:
    values = reading.column("entropy_conditional")
    change = reading.entropy_change
    low, high = change.interval()
    way = "became more certain" if high < 0 else "became less certain" if low > 0 else "stayed as certain as they were"
    if max(abs(low), abs(high)) <= STILL * values[0]:
        way = "stayed about as certain as they were"
    said = (
        f"Its predictions {way}: their entropy went from {number(values[0], 4)} to {number(values[-1], 4)} nat per "
        f"input (ΔS = {with_error(change.value, change.error)} nat)."
    )
    accuracy = reading.column("accuracy")
    known = accuracy[np.isfinite(accuracy)]
    return (
        f"{said} Its accuracy on the probe went from {percent(known[0], 1)} to {percent(known[-1], 1)}."
        if known.size
        else said
    )


def _cost(reading: SingleReading) -> str:
    work, heat, length = (reading.at(name) for name in ("work", "heat", "length"))
    direct = reading.at("length_direct").value
    amount = with_error(abs(heat.value), heat.error)
    flow = f"gave off {amount} nat of heat" if heat.value < 0 else f"took up {amount} nat of heat"
    said = (
        f"Moving the model took W = {with_error(work.value, work.error)} nat of work per input, and the "
        f"predictions {flow} (Q = {with_error(heat.value, heat.error)}). φ is normalised, so all of the work "
        f"is conditional entropy production. The way was {with_error(length.value, length.error)} nat^½ long"
    )
    if math.isfinite(direct):
        said += f"; the first and the last model lie {number(direct, 3)} nat^½ apart"
    return f"{said}. {at_one_interval(reading)}".rstrip()


def _motion(reading: SingleReading) -> str:
    share = reading.drift_share
    if share is None or share.jumps < FEWEST_JUMPS:
        return TOO_FEW.capitalize()
    held = f"All of this holds for a measurement every {_steps(reading.attributes.get('every'))}."
    return " ".join(filter(None, [motion(reading), by_phases(reading), held]))


def _trust(reading: SingleReading, audit: Audit) -> str:
    said = f"{audit.verdict} {first_law(reading)}."
    samples = reading.samples
    if samples is not None and samples.sizes["step"] > 1 and "work_discrepancy" in samples:
        gap, error = (float(samples[name].values[-1]) for name in ("work_discrepancy", "work_discrepancy_error"))
        differs = with_error(gap, error)
        said += f" An independent route, labels sampled from the model, gives a W that differs by {differs} nat."
    return said + " ± is one standard error; bands and bars on this page show 95 %."


def _steps(count: object) -> str:
    if not isinstance(count, int):
        return "an unknown number of steps"
    return "training step" if count == 1 else f"{count:,} training steps"
