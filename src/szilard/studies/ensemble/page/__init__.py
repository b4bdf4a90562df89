"""The page of an ensemble: it opens with the budget of what was learned, memorised and owed to luck."""

from __future__ import annotations

from szilard.page.banner import standing
from szilard.page.content import Content, Remark
from szilard.studies.ensemble import told
from szilard.studies.ensemble.figures import LEADING, figures
from szilard.studies.ensemble.figures.view import View
from szilard.studies.ensemble.page.cards import cards
from szilard.studies.ensemble.page.numbers import numbers
from szilard.studies.ensemble.page_words import what_was_seen
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.verdicts.audit import Audit

PYTHON = (
    "import szilard\n\nrun = szilard.open({directory})\n"
    'run.estimate("info_dataset")   # the last record, with its error\n'
    'run.data["l_info_member"]      # an xarray.DataArray over steps and members\nrun.audit()'
)


def content(reading: EnsembleReading, audit: Audit) -> Content:
    """The parts of the page."""
    view = View.of(reading.tree, audit)
    members = view.record.size
    return Content(
        subtitle=(
            f"The information budget of {members:,} training runs, in nats, by szilard "
            f"{view.attributes.get('szilard_version', '')}"
        ),
        attributes=view.attributes,
        remarks=_remarks(view),
        cards=cards(view),
        leading=LEADING.figure(view),
        paragraphs=what_was_seen(view),
        numbers=numbers(view),
        figures=figures(view),
        python=PYTHON,
        logarithmic=view.logarithmic,
    )


def _remarks(view: View) -> list[Remark]:
    record = view.record
    remarks = standing(view.attributes, view.audit)
    if said := told.guessing(record):
        remarks.append(Remark("bad", said))
    if said := told.lost(record):
        remarks.append(Remark("bad", said))
    elif said := told.diverged(record):
        remarks.append(Remark("mind", said))
    if said := told.in_sample(record):
        remarks.append(Remark("mind", said))
    if said := told.small(record):
        remarks.append(Remark("mind", said))
    if record.undefined and not record.lost:
        left_out = (
            "1 record without finite numbers was"
            if record.undefined == 1
            else (f"{record.undefined} records without finite numbers were")
        )
        remarks.append(Remark("mind", f"{left_out} left out."))
    return remarks or [
        Remark("good", f"Complete record: {record.size:,} trainings, {record.records:,} records, {record.span()}.")
    ]
