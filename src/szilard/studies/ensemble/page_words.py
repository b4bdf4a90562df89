"""What was seen of an ensemble, in plain words with numbers."""

from __future__ import annotations

from szilard.studies.ensemble import told
from szilard.studies.ensemble.figures.view import View


def what_was_seen(view: View) -> list[tuple[str, str]]:
    """Paragraphs of plain text, each with a word to lead in."""
    record = view.record
    found = [
        ("The budget", told.outcome(record)),
        ("The design", f"{told.design(record)}; {told.reach(record)}{_probed(view)}."),
        ("The stopping point", told.stopping(record)),
        ("The effect of the sample", told.effect(record)),
        ("The parameters", told.m_info(record)),
        ("The cost", told.cost(record)),
        ("What this design cannot give", " ".join(told.missing(record))),
        ("The evidence", _evidence(view)),
    ]
    return [(lead, text) for lead, text in found if text]


def _probed(view: View) -> str:
    probe = view.record.mapping("probe")
    split = " of the training split" if view.record.in_sample else ""
    inputs, outcomes = probe.get("inputs"), probe.get("outcomes")
    if not isinstance(inputs, int) or not isinstance(outcomes, int):
        return ""
    loss = "the loss on them" if view.record.in_sample else "test loss"
    labels = f", labels used for {loss} and accuracy only" if probe.get("labelled") else ", no labels"
    return f"; on {inputs:,} probe inputs{split} with {outcomes:,} possible outcomes{labels}"


def _evidence(view: View) -> str:
    said = [view.audit.verdict] if view.audit.rows else []
    note = view.attributes.get("notes_on_coverage")
    if isinstance(note, str) and note:
        said.append(f"{note[:1].upper()}{note[1:].rstrip('.')}.")
    said.append("± is one standard error; bands and bars on this page show 95 %, by Student's t over the clusters.")
    return " ".join(said)
