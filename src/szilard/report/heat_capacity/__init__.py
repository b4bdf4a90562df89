"""The page of a heat capacity: it opens with the loss against the temperature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from szilard.audit import Audit
from szilard.audit.heat_capacity.evidence import HeatEvidence
from szilard.report.banner import standing
from szilard.report.content import Content, Remark
from szilard.report.heat_capacity.cards import cards
from szilard.report.heat_capacity.figures import LEADING, figures
from szilard.report.heat_capacity.numbers import numbers
from szilard.report.heat_capacity.words import what_was_seen

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
