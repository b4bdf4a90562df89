"""The page of a single run: its ledger, what moved it, and how well the numbers stand."""

from __future__ import annotations

from szilard.page.banner import standing
from szilard.page.content import Content, Remark
from szilard.studies.single.figures import figures
from szilard.studies.single.figures.view import View
from szilard.studies.single.page.cards import cards
from szilard.studies.single.page.layer_table import layer_table
from szilard.studies.single.page.numbers import numbers
from szilard.studies.single.page_words import what_was_seen
from szilard.studies.single.reading import SingleReading
from szilard.verdicts.audit import Audit

PYTHON = 'import szilard\n\nrun = szilard.open({directory})\nrun.data["work"]   # an xarray.DataArray\nrun.audit()'


def content(reading: SingleReading, audit: Audit) -> Content:
    """The parts of the page."""
    view = View.of(reading.tree, audit)
    return Content(
        subtitle=f"The ledger of one training run, in nats, by szilard {view.attributes.get('szilard_version', '')}",
        attributes=view.attributes,
        remarks=_remarks(view),
        cards=cards(view),
        leading=None,
        paragraphs=what_was_seen(view),
        numbers=numbers(view) + layer_table(view),
        figures=figures(view),
        python=PYTHON,
    )


def _remarks(view: View) -> list[Remark]:
    remarks = standing(view.attributes, view.audit)
    if view.evidence.undefined:
        remarks.append(Remark("mind", f"{view.evidence.undefined} records without finite numbers were left out."))
    return remarks or [Remark("good", f"Complete record: {view.evidence.records:,} records, {view.evidence.span()}.")]
