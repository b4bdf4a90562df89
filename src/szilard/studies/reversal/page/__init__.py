"""The page of a reversed training: it opens with the way back, at every rate and from every start."""

from __future__ import annotations

from szilard.page.banner import standing
from szilard.page.content import Content, Remark
from szilard.studies.reversal.evidence import ReversalEvidence
from szilard.studies.reversal.figures import LEADING, figures
from szilard.studies.reversal.page.cards import cards
from szilard.studies.reversal.page.numbers import numbers
from szilard.studies.reversal.page_words import what_was_seen
from szilard.studies.reversal.reading import ReversalReading
from szilard.verdicts.audit import Audit

PYTHON = (
    "import szilard\n\nrun = szilard.open({directory})\n"
    'run.tree["reversal"].distance        # by steps taken back, network, start, seed, rate and group\n'
    'run.tree["width"].kernel_change      # against width\nrun.audit()'
)


def content(reading: ReversalReading, audit: Audit) -> Content:
    """The parts of the page."""
    evidence = ReversalEvidence.of(reading.tree)
    version = evidence.attributes.get("szilard_version", "")
    remarks = standing(evidence.attributes, audit)
    told = f"Complete record: {evidence.span()}, over {evidence.reversal.sizes['seed']} seeds."
    return Content(
        subtitle=f"A training run backwards: reversed inputs, gradient ascent (paper Appendix A), by szilard {version}",
        attributes=evidence.attributes,
        remarks=remarks or [Remark("good", told)],
        cards=cards(evidence),
        leading=LEADING.figure(evidence) if evidence.whole else None,
        paragraphs=what_was_seen(evidence, audit),
        numbers=numbers(evidence),
        figures=figures(evidence, audit),
        python=PYTHON,
    )
