"""The page of a single run: its ledger, what moved it, and how well the numbers stand."""

from __future__ import annotations

from szilard.page.banner import standing
from szilard.page.content import Content, Remark
from szilard.studies.single.figures import figures
from szilard.studies.single.page.cards import cards
from szilard.studies.single.page.layer_table import layer_table
from szilard.studies.single.page.numbers import numbers
from szilard.studies.single.page_words import what_was_seen
from szilard.studies.single.reading import SingleReading
from szilard.verdicts.audit import Audit

PYTHON = 'import szilard\n\nrun = szilard.open({directory})\nrun.data["work"]   # an xarray.DataArray\nrun.audit()'


def content(reading: SingleReading, audit: Audit) -> Content:
    """The parts of the page."""
    return Content(
        subtitle=f"The ledger of one training run, in nats, by szilard {reading.attributes.get('szilard_version', '')}",
        attributes=reading.attributes,
        remarks=_remarks(reading, audit),
        cards=cards(reading),
        leading=None,
        paragraphs=what_was_seen(reading, audit),
        numbers=numbers(reading) + layer_table(reading),
        figures=figures(reading),
        python=PYTHON,
    )


def _remarks(reading: SingleReading, audit: Audit) -> list[Remark]:
    remarks = standing(reading.attributes, audit)
    if reading.undefined:
        remarks.append(Remark("mind", f"{reading.undefined} records without finite numbers were left out."))
    return remarks or [Remark("good", f"Complete record: {reading.records:,} records, {reading.span()}.")]
