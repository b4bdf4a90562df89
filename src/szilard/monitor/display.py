"""A monitor in a notebook: what it watches, how far it is, and where its record lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from szilard.monitor.bystander import Bystander, Unwritten
from szilard.notebook.html import framed, head, pairs

if TYPE_CHECKING:
    from szilard.monitor.session import RecordingSession


def _standing(session: RecordingSession | Bystander) -> tuple[str, str]:
    """How it is, in a word, and whether that is good."""
    if session.broken:
        return "broken", "bad"
    return ("closed", "none") if session.closed else ("recording", "good")


def as_html(session: RecordingSession | Bystander) -> str:
    """What it is, and what its record says so far."""
    record = session.writer.record
    if isinstance(session, Bystander) or isinstance(record, Unwritten):
        return framed(head("Monitor", "another rank writes", "none"), pairs([("record", record.path)]))
    said = record.attributes
    model, probe = said["model"], said["probe"]
    inputs = f" on {probe['inputs']:,} inputs" if probe.get("inputs") else ""
    labels = ", labelled" if probe.get("labelled") else ""
    rows = [
        ("model", f"{model['class']}, {model['parameters']:,} parameters, {model['dtype']} on {model['device']}"),
        ("watched as", f"{probe['family']}{inputs}{labels}"),
        *((each.name, _records(record.rows(each.name), each.every)) for each in session.schedule.recorders),
        ("record", record.path),
        ("broken because", said.get("broken_because", "")),
    ]
    steps = session.writer.first_step + session.steps
    return framed(head("Monitor", *_standing(session), f"at training step {steps:,}"), pairs(rows))


def _records(rows: int, every: int | None) -> str:
    """How many were written, and how often they come."""
    often = "interval not found yet" if every is None else "every step" if every == 1 else f"every {every:,} steps"
    return f"{rows:,} {'record' if rows == 1 else 'records'} written, {often}"
