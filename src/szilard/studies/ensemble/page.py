"""The page of an ensemble: it opens with the budget of what was learned, memorised and owed to luck."""

from __future__ import annotations

import math

from szilard.estimate import Estimate
from szilard.numbers import number, percent
from szilard.page.cards import card
from szilard.page.content import Card, Content, Remark
from szilard.page.numbers import table
from szilard.studies.ensemble.figures import LEADING, figures
from szilard.studies.ensemble.figures.marks import LEVELS, logarithmic_steps
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.studies.ensemble.words import paragraphs
from szilard.studies.ensemble.words.budget import small
from szilard.studies.ensemble.words.design import diverged, guessing, in_sample, loss_name, lost, undefined
from szilard.studies.pages import content_of
from szilard.studies.sentences import amount
from szilard.verdicts.audit import Audit

PYTHON = (
    "import szilard\n\nrun = szilard.open({directory})\n"
    'run.estimate("info_dataset")   # the last record, with its error\n'
    'run.data["l_info_member"]      # an xarray.DataArray over steps and members\nrun.audit()'
)
UNIT = "nat per input"
LOSS = "test loss"
COLUMNS = (
    ("info_task", "learned", "nat"),
    ("info_dataset", "memorised", "nat"),
    ("info_seed", "luck", "nat"),
    ("l_info", "L-info", "nat"),
    ("cross_entropy_between", "between datasets", "nat"),
    ("cross_entropy_mean", LOSS, "nat"),
    ("accuracy_mean", "accuracy", "1"),
    ("entropy_conditional_mean", "S(X|Θ)", "nat"),
    ("work_mean", "W", "nat"),
    ("heat_mean", "Q", "nat"),
)


def content(reading: EnsembleReading, audit: Audit) -> Content:
    """The parts of the page."""
    return content_of(
        reading,
        audit,
        subtitle=f"The information budget of {reading.size:,} training runs, in nats",
        covered=f"{reading.size:,} trainings, {reading.records:,} records, {reading.span()}",
        remarks=_remarks(reading),
        cards=_cards(reading),
        leading=LEADING(reading),
        paragraphs=paragraphs(reading, audit),
        numbers=_numbers(reading),
        figures=figures(reading),
        python=PYTHON,
        logarithmic=logarithmic_steps(reading),
    )


def _remarks(reading: EnsembleReading) -> list[Remark]:
    found = [
        ("bad", guessing(reading)),
        ("bad", lost(reading)),
        ("mind", "" if reading.lost else diverged(reading)),
        ("mind", in_sample(reading)),
        ("mind", small(reading)),
        ("mind", undefined(reading)),
    ]
    return [Remark(kind, said) for kind, said in found if said]


def _cards(reading: EnsembleReading) -> list[Card]:
    """Learned, memorised, luck, the whole, and where to stop; a dash where the design cannot tell."""
    if not reading.records:
        return []
    shown = []
    if reading.lost:
        rest = f"of {reading.size:,} members; what follows is from step {reading.steps[-1]:,}"
        shown.append(Card("", "diverged", f"{reading.lost:,}", rest))
    for name, words, _, _ in LEVELS:
        estimate = reading.known(name)
        if estimate is None:
            shown.append(Card("", words, "–", "not given by this design"))
        else:
            shown.append(_card(reading, name, words, estimate))
    total = reading.known("l_info")
    if total is not None:
        shown.append(_card(reading, "l_info", "L-info, all together", total))
    stop = reading.stop
    if stop is not None and stop.resolved:
        above = f"{loss_name(reading)} {percent(stop.cost, 1)} above its least"
        cost = "found without a label" if math.isnan(stop.cost) else above
        shown.append(Card("", "stop at step", f"{stop.step:,}", cost))
    return shown


def _card(reading: EnsembleReading, name: str, words: str, estimate: Estimate) -> Card:
    """The number; where the design is too small for one, its bracket."""
    bracket = reading.bracket(name)
    if bracket is not None and reading.saturated(name):
        low, high = map(number, bracket)
        return Card("", words, f"{low} … {high}", f"{UNIT}: bracket; corrected estimate {amount(estimate)}")
    if not math.isfinite(float(estimate.error)):
        return Card("", words, number(estimate.value, 3), f"{UNIT}, no error")
    return card("", words, estimate.value, float(estimate.error), UNIT)


def _numbers(reading: EnsembleReading) -> str:
    """A table of the budget, the stopping curves and the mean ledger, with standard errors."""
    columns = [
        ((loss_name(reading) if words == LOSS else words, unit), reading.column(name), reading.errors(name))
        for name, words, unit in COLUMNS
        if reading.records and reading.has(name)
    ]
    return table(reading.steps, columns)
