"""The page of a heat capacity: it opens with the loss against the temperature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from szilard.page.banner import standing
from szilard.page.content import Content, Remark
from szilard.studies.heat_capacity.evidence import HeatEvidence
from szilard.studies.heat_capacity.figures import LEADING, figures
from szilard.studies.heat_capacity.page.cards import cards
from szilard.studies.heat_capacity.page.numbers import numbers
from szilard.studies.heat_capacity.page_words import what_was_seen
from szilard.verdicts.audit import Audit

if TYPE_CHECKING:
    import xarray as xr

PYTHON = (
    "import szilard\n\nrun = szilard.open({directory})\n"
    'run.tree["heat"].energy.mean("step")      # by state and member\n'
    'run.attributes["states"]                  # width, rate and batch size of each state\nrun.audit()'
)


def content(tree: xr.DataTree, audit: Audit) -> Content:
    """The parts of the page."""
    evidence = HeatEvidence.of(tree)
    version = evidence.attributes.get("szilard_version", "")
    remarks = standing(evidence.attributes, audit)
    filled = evidence.looks > 1
    return Content(
        subtitle=f"How the loss of stationary training answers to temperature, by szilard {version}",
        attributes=evidence.attributes,
        remarks=remarks or [Remark("good", f"Complete record: {evidence.span()}.")],
        cards=cards(evidence) if filled else [],
        leading=LEADING.figure(evidence) if filled else None,
        paragraphs=what_was_seen(evidence, audit),
        numbers=numbers(evidence) if filled else "",
        figures=figures(evidence) if filled else [],
        python=PYTHON,
    )
