"""The page of Figure 3: it opens with the four panels."""

from __future__ import annotations

from szilard.page.cards import card
from szilard.page.content import Card, Content, Remark
from szilard.page.numbers import table
from szilard.studies.fig3.claims.rows import at
from szilard.studies.fig3.claims.temperature import hottest_layer
from szilard.studies.fig3.figures import LEADING, figures
from szilard.studies.fig3.reading import Fig3Reading
from szilard.studies.fig3.words import WORDS, paragraphs
from szilard.studies.kits.parameters.statements import STATIONARY, WHITE
from szilard.studies.pages import content_of
from szilard.verdicts.audit import SYMBOLS, Audit
from szilard.verdicts.claim import Claim

PYTHON = (
    "import szilard\n\nrun = szilard.open({directory})\n"
    'run.data["noise_variance"]            # an xarray.DataArray over steps, batch sizes, members and groups\n'
    'run.tree["correlation"]["noise_covariance"]\nrun.tree["paths"]["theta"]\nrun.audit()'
)
COLUMNS = (("accuracy", "accuracy", "1"), ("noise_variance", "noise variance", "nat²"),
           ("signal_variance", "‖∇U_B‖²/dim", "nat²"), ("potential", "U_B", "nat"))  # fmt: skip


def content(reading: Fig3Reading, audit: Audit) -> Content:
    """The parts of the page."""
    trainings = sum(reading.trials(batch) for batch in range(len(reading.batches)))
    return content_of(
        reading,
        audit,
        subtitle="The paper’s Figure 3: the noise of stochastic gradients at several batch sizes",
        covered=f"{trainings:,} trainings, {reading.records:,} records, {reading.span()}",
        remarks=_remarks(reading),
        cards=_cards(reading, audit),
        leading=LEADING(reading),
        paragraphs=paragraphs(reading, audit),
        numbers=_numbers(reading),
        figures=figures(reading),
        python=PYTHON,
    )


def _remarks(reading: Fig3Reading) -> list[Remark]:
    remarks = []
    diverged = reading.attributes.get("diverged")
    if isinstance(diverged, list) and diverged:
        remarks.append(Remark("mind", f"{len(diverged)} trainings diverged and are left out."))
    if not reading.records:
        remarks.append(Remark("mind", "Nothing is recorded yet: rows come when all chunks have reached them."))
    return remarks


def _cards(reading: Fig3Reading, audit: Audit) -> list[Card]:
    """Temperature at each batch size, the verdicts, and the hottest layer."""
    if not reading.shown:
        return []
    shown = []
    for batch in reading.shown:
        noise = reading.temperature(batch)
        shown.append(card("T", reading.label(batch), noise.value[-1, 0], noise.error[-1, 0], "(loss)"))
    for words, claim in (("stationary?", STATIONARY), ("white?", WHITE)):
        answers = [_answer(reading, audit, claim, batch) for batch in reading.shown]
        sizes = ", ".join(f"{reading.batches[batch]:,}" for batch in reading.shown)
        value = answers[0][0] if len(set(answers)) == 1 else " ".join(sign for _, sign in answers)
        shown.append(Card("", words, value, f"|b| = {sizes}"))
    if (hot := hottest_layer(reading, reading.shown[0])) is not None:
        shown.append(Card("", "hottest", hot.name.split(" (")[0], f"{hot.over_coldest:.0f} × the coldest"))
    return shown


def _answer(reading: Fig3Reading, audit: Audit, claim: Claim, batch: int) -> tuple[str, str]:
    """A verdict in a word, and as a sign."""
    try:
        verdict = audit[at(claim, reading, batch).name].verdict
    except KeyError:
        return "–", "–"
    return WORDS[verdict], SYMBOLS[verdict]


def _numbers(reading: Fig3Reading) -> str:
    """A table with means and standard errors over trainings."""
    columns = []
    for batch in reading.shown:
        for name, words, unit in COLUMNS:
            found = reading.mean(name, batch)
            values, errors = (each if each.ndim == 1 else each[:, 0] for each in (found.value, found.error))
            columns.append(((f"{words}, {reading.label(batch)}", unit), values, errors))
    return table(reading.steps, columns)
