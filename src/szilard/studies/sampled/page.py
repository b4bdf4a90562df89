"""The page of a run whose X is sampled: it opens with what the model has learned to make."""

from __future__ import annotations

from szilard.numbers import number, with_error
from szilard.page.cards import card
from szilard.page.content import Card, Content, Remark
from szilard.page.numbers import table
from szilard.studies.kits.watched.between import between
from szilard.studies.pages import content_of
from szilard.studies.sampled.figures import LEADING, figures
from szilard.studies.sampled.reading import SampledReading
from szilard.studies.sampled.words import paragraphs
from szilard.verdicts.audit import Audit

PYTHON = (
    "import szilard\n\nrun = szilard.open({directory})\n"
    'run.data["work"]                     # an xarray.DataArray\n'
    'run.tree["gallery"].sample           # samples at some records\n'
    'run.tree["model_space"].jeffreys     # between models kept along the way\nrun.audit()'
)
QUANTITIES = (
    ("ΔS", "change of entropy", "entropy_change", ""),
    ("W", "work (= Σ)", "work", ""),
    ("Q", "heat absorbed", "heat", ""),
    ("W_diss", "dissipated by lagging chains", "work_dissipated", ""),
    ("ΔF", "change of free energy", "free_energy_change", ""),
    ("L", "length of the way", "length", "nat^½"),
)
"""Symbol, words, column and unit of a card, the ledger's own unit where it is empty."""
COLUMNS = (
    ("entropy_conditional", "S(X|θ)"),
    ("entropy_conditional_lower", "S(X|θ), lower"),
    ("energy", "U"),
    ("work", "W"),
    ("work_lower", "W, lower"),
    ("heat", "Q"),
    ("heat_lower", "Q, lower"),
    ("free_energy_change", "ΔF"),
    ("work_dissipated", "W_diss"),
    ("lag_work", "W_diss − W"),
    ("length", "L"),
    ("work_direct", "KL(p₀‖pₙ)"),
    ("fluctuation", "⟨e^−d⟩"),
    ("effective_sample_size", "ESS/N"),
    ("acceptance", "acceptance"),
    ("cross_entropy", "cross-entropy"),
    ("loss", "loss"),
)
UNITS = {"nat**0.5": "nat^½", "as given": "as given"}


def content(reading: SampledReading, audit: Audit) -> Content:
    """The parts of the page: cards, samples, words, numbers and figures."""
    return content_of(
        reading,
        audit,
        subtitle=f"{reading.family}: the ledger of one training run, in nats",
        covered=f"{reading.records:,} records, {reading.span()}",
        remarks=_remarks(reading),
        cards=_cards(reading) if reading.whole else [],
        leading=LEADING(reading),
        paragraphs=paragraphs(reading, audit),
        numbers=_numbers(reading),
        figures=figures(reading),
        python=PYTHON,
    )


def _remarks(reading: SampledReading) -> list[Remark]:
    aside = reading.undefined
    return [Remark("mind", f"{aside} records without finite numbers were left out.")] if aside else []


def _cards(reading: SampledReading) -> list[Card]:
    """The ledger's ends, each with its standard error or between its bounds, and the held-out score."""
    shown = []
    for symbol, words, column, unit in QUANTITIES:
        if not reading.has(column):
            continue
        end, unit = reading.at(column), unit or reading.per
        if (bounds := between(reading, column)) is not None:
            ends = f"{number(bounds.below.value, 3)} to {number(bounds.above.value, 3)}"
            nothing = "; the lower one says nothing" if bounds.vacuous else ""
            shown.append(Card(symbol, words, ends, f"{unit}, lower to upper bound{nothing}"))
        else:
            shown.append(card(symbol, words, end.value, end.error, unit))
    held_out, baseline = reading.score("held_out"), reading.score("baseline")
    if held_out is not None and held_out.known:
        name = held_out.name if "held-out" in held_out.name else f"{held_out.name}, held out"
        made = card("", name, held_out.cost.value, held_out.error, held_out.units)
        against = ""
        if baseline is not None and baseline.known:
            against = f"; {baseline.name}: {with_error(baseline.cost.value, baseline.error)}"
        shown.append(Card("", made.words, made.value, made.rest + against))
    return shown


def _numbers(reading: SampledReading) -> str:
    """A table of every quantity that was recorded, with standard errors."""
    columns = []
    for name, symbol in COLUMNS:
        if reading.has(name):
            unit = str(reading.rows[name].attrs.get("units", ""))
            unit = reading.per if unit == "nat" else UNITS.get(unit, unit)
            columns.append(((symbol, unit), reading.column(name), reading.errors(name)))
    return table(reading.steps, columns)
