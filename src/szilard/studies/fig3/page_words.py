"""What was seen of Figure 3, in plain words with numbers."""

from __future__ import annotations

from szilard.studies.fig3 import told
from szilard.studies.fig3.figures.view import View


def what_was_seen(view: View) -> list[tuple[str, str]]:
    """Paragraphs of plain text, each with a question to lead in."""
    evidence, audit = view.evidence, view.audit
    found = [
        ("Stationary", told.stationary(evidence, audit)),
        ("White", told.white(evidence, audit)),
        ("Low variance", told.low_variance(evidence, audit)),
        ("Hottest layer", told.hottest(evidence)),
        ("Temperature", told.noise(evidence)),
        ("The design", told.design(evidence)),
    ]
    evidence_said = f"{audit.verdict} ± is one standard error over trainings; bands and bars show 95 %, by Student’s t."
    return [
        *((lead, f"{text[:1].upper()}{text[1:]}.") for lead, text in found if text),
        ("The evidence", evidence_said),
    ]
