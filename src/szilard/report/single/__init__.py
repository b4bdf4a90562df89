"""The page of a single run: its ledger, what moved it, and how well the numbers stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from szilard.audit import Audit
from szilard.report.banner import standing
from szilard.report.content import Content, Remark
from szilard.report.single.cards import cards
from szilard.report.single.figures import figures
from szilard.report.single.layer_table import layer_table
from szilard.report.single.numbers import numbers
from szilard.report.single.view import View
from szilard.report.single.words import what_was_seen

if TYPE_CHECKING:
    import xarray as xr

PYTHON = 'import szilard\n\nrun = szilard.open({directory})\nrun.data["work"]   # an xarray.DataArray\nrun.audit()'


def content(tree: xr.DataTree, audit: Audit) -> Content:
    """The parts of the page."""
    view = View.of(tree, audit)
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
