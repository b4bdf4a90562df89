"""The page of a run whose X is sampled: it opens with what the model has learned to make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from szilard.audit import Audit
from szilard.report.banner import standing
from szilard.report.content import Content, Remark
from szilard.report.sampled.cards import cards
from szilard.report.sampled.figures import figures, leading
from szilard.report.sampled.numbers import numbers
from szilard.report.sampled.view import View
from szilard.report.sampled.words import what_was_seen

if TYPE_CHECKING:
    import xarray as xr

PYTHON = (
    "import szilard\n\nrun = szilard.open({directory})\n"
    'run.data["work"]                     # an xarray.DataArray\n'
    'run.tree["gallery"].sample           # samples at some records\n'
    'run.tree["model_space"].jeffreys     # between models kept along the way\nrun.audit()'
)


def content(tree: xr.DataTree, audit: Audit) -> Content:
    """The parts of the page."""
    view = View.of(tree, audit)
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
