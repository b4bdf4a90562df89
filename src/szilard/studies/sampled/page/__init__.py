"""The page of a run whose X is sampled: it opens with what the model has learned to make."""

from __future__ import annotations

from szilard.page.banner import standing
from szilard.page.content import Content, Remark
from szilard.studies.sampled.figures import figures, leading
from szilard.studies.sampled.figures.view import View
from szilard.studies.sampled.page.cards import cards
from szilard.studies.sampled.page.numbers import numbers
from szilard.studies.sampled.page_words import what_was_seen
from szilard.studies.sampled.reading import SampledReading
from szilard.verdicts.audit import Audit

PYTHON = (
    "import szilard\n\nrun = szilard.open({directory})\n"
    'run.data["work"]                     # an xarray.DataArray\n'
    'run.tree["gallery"].sample           # samples at some records\n'
    'run.tree["model_space"].jeffreys     # between models kept along the way\nrun.audit()'
)


def content(reading: SampledReading, audit: Audit) -> Content:
    """The parts of the page."""
    view = View.of(reading.tree, audit)
    return Content(
        subtitle=f"{view.family}: the ledger of one training run, in nats, by szilard {view.version}",
        attributes=view.attributes,
        remarks=_remarks(view),
        cards=cards(view),
        leading=leading(view),
        paragraphs=what_was_seen(view),
        numbers=numbers(view),
        figures=figures(view),
        python=PYTHON,
    )


def _remarks(view: View) -> list[Remark]:
    remarks = standing(view.attributes, view.audit)
    if undefined := view.evidence.run.undefined:
        remarks.append(Remark("mind", f"{undefined} records without finite numbers were left out."))
    return remarks or [Remark("good", f"Complete record: {view.evidence.records:,} records, {view.evidence.span()}.")]
