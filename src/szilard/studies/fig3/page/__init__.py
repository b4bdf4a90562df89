"""The page of Figure 3: it opens with the four panels."""

from __future__ import annotations

from szilard.page.banner import standing
from szilard.page.content import Content, Remark
from szilard.studies.fig3.figures import LEADING, figures
from szilard.studies.fig3.figures.view import View
from szilard.studies.fig3.page.cards import cards
from szilard.studies.fig3.page.numbers import numbers
from szilard.studies.fig3.page_words import what_was_seen
from szilard.studies.fig3.reading import Fig3Reading
from szilard.verdicts.audit import Audit

PYTHON = (
    "import szilard\n\nrun = szilard.open({directory})\n"
    'run.data["noise_variance"]            # an xarray.DataArray over steps, batch sizes, members and groups\n'
    'run.tree["correlation"]["noise_covariance"]\nrun.tree["paths"]["theta"]\nrun.audit()'
)


def content(reading: Fig3Reading, audit: Audit) -> Content:
    """The parts of the page."""
    view = View.of(reading.tree, audit)
    return Content(
        subtitle=(
            "The paper’s Figure 3: the noise of stochastic gradients at several batch sizes, by szilard "
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
    )


def _remarks(view: View) -> list[Remark]:
    evidence = view.evidence
    remarks = standing(view.attributes, view.audit)
    diverged = view.attributes.get("diverged")
    if isinstance(diverged, list) and diverged:
        remarks.append(Remark("mind", f"{len(diverged)} trainings diverged and are left out."))
    if not evidence.records:
        return [*remarks, Remark("mind", "Nothing is recorded yet: rows come when all chunks have reached them.")]
    counts = sum(evidence.trials(batch) for batch in range(len(evidence.batches)))
    said = f"Complete record: {counts:,} trainings, {evidence.records:,} records, {evidence.span()}."
    return remarks or [Remark("good", said)]
