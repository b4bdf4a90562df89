"""The page of a trade-off: it opens with efficiency against compute, the paper's likeness to Carnot drawn from data."""

from __future__ import annotations

from szilard.page.banner import standing
from szilard.page.content import Content, Remark
from szilard.studies.tradeoff.evidence import TradeOffEvidence
from szilard.studies.tradeoff.figures import LEADING, figures
from szilard.studies.tradeoff.page.cards import cards
from szilard.studies.tradeoff.page.numbers import numbers
from szilard.studies.tradeoff.page_words import what_was_seen
from szilard.studies.tradeoff.reading import TradeOffReading
from szilard.verdicts.audit import Audit

PYTHON = (
    "import szilard\n\nrun = szilard.open({directory})\n"
    'run.tree["tradeoff"].efficiency.isel(step=-1)     # by state\n'
    'run.attributes["states"]                          # updates, sampler steps, chains and rate of each\nrun.audit()'
)


def content(reading: TradeOffReading, audit: Audit) -> Content:
    """The parts of the page."""
    evidence = TradeOffEvidence.of(reading.tree)
    version = evidence.attributes.get("szilard_version", "")
    remarks = standing(evidence.attributes, audit)
    filled = evidence.filled
    return Content(
        subtitle=f"What sampler steps and small updates buy of efficiency, by szilard {version}",
        attributes=evidence.attributes,
        remarks=remarks or [Remark("good", f"Complete record: {evidence.span()}.")],
        cards=cards(evidence) if filled else [],
        leading=LEADING.figure(evidence) if filled else None,
        paragraphs=what_was_seen(evidence, audit),
        numbers=numbers(evidence) if filled else "",
        figures=figures(evidence) if filled else [],
        python=PYTHON,
    )
