"""The page of a single run: its ledger, what moved it, and how well the numbers stand."""

from __future__ import annotations

import numpy as np

from szilard.page.cards import card
from szilard.page.content import Card, Content, Remark
from szilard.page.numbers import table
from szilard.studies.kits.parameters.page import layer_table, reservoir_cards
from szilard.studies.kits.watched.words import loss_gaps
from szilard.studies.pages import content_of
from szilard.studies.single.figures import figures
from szilard.studies.single.reading import SingleReading
from szilard.studies.single.words import paragraphs
from szilard.verdicts.audit import Audit

PYTHON = 'import szilard\n\nrun = szilard.open({directory})\nrun.data["work"]   # an xarray.DataArray\nrun.audit()'
CARDS = (
    ("ΔS", "change of entropy", "entropy_change", "nat per input"),
    ("W", "work (= Σ)", "work", "nat per input"),
    ("Q", "heat absorbed", "heat", "nat per input"),
    ("L", "length of the way", "length", "nat^½"),
)
"""Symbol, words, column and unit."""
COLUMNS = (
    ("entropy_conditional", "S(X|θ)", "nat"),
    ("work", "W", "nat"),
    ("heat", "Q", "nat"),
    ("length", "L", "nat^½"),
    ("work_direct", "KL(p₀‖pₙ)", "nat"),
    ("accuracy", "accuracy", "1"),
    ("cross_entropy", "cross-entropy", "nat"),
    ("loss", "loss", "as given"),
)
"""Column, symbol and unit."""


def content(reading: SingleReading, audit: Audit) -> Content:
    """The parts of the page."""
    aside = f"{reading.undefined} records without finite numbers were left out."
    return content_of(
        reading,
        audit,
        subtitle="The ledger of one training run, in nats" if reading.has_ledger else "One training run, watched",
        covered=_covered(reading),
        remarks=[Remark("mind", said) for said in ([aside] if reading.undefined else []) + loss_gaps(reading)],
        cards=_cards(reading),
        leading=None,
        paragraphs=paragraphs(reading, audit),
        numbers=_numbers(reading) + layer_table(reading.bursts),
        figures=figures(reading),
        python=PYTHON,
    )


def _covered(reading: SingleReading) -> str:
    bursts = reading.bursts
    if not reading.has_ledger and bursts is not None:
        return f"{bursts.records:,} bursts, {bursts.span()}"
    return f"{reading.records:,} records, {reading.span()}"


def _cards(reading: SingleReading) -> list[Card]:
    """ΔS, W, Q, L and the accuracy, each with its standard error and unit, and those of the reservoir."""
    if not reading.whole:
        return [] if reading.has_ledger else reservoir_cards(reading.bursts)
    shown = []
    for symbol, words, column, unit in CARDS:
        end = reading.at(column)
        shown.append(card(symbol, words, end.value, end.error, unit))
    if reading.has("accuracy"):
        last = reading.at("accuracy", int(np.flatnonzero(np.isfinite(reading.column("accuracy")))[-1]))
        shown.append(card("", "accuracy on the probe", last.value, last.error, ""))
    return [*shown, *reservoir_cards(reading.bursts)]


def _numbers(reading: SingleReading) -> str:
    """A table of every quantity that was recorded, with standard errors."""
    if not reading.has_ledger:
        return ""
    columns = [
        ((symbol, unit), reading.column(name), reading.errors(name))
        for name, symbol, unit in COLUMNS
        if reading.has(name)
    ]
    return table(reading.steps, columns)
