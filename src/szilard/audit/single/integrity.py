"""The record itself: whether it is whole, unbroken and without gaps."""

from __future__ import annotations

import numpy as np

from szilard.audit.evidence import Evidence
from szilard.audit.finding import Concern, Finding
from szilard.audit.rows import counted


def findings(evidence: Evidence) -> tuple[Finding, ...]:
    """The rows of this family; the effect counts faults, and none are allowed."""
    return (_complete(evidence), _gaps(evidence))


def _complete(evidence: Evidence) -> Finding:
    status = str(evidence.attributes.get("status", "unknown"))
    step = evidence.attributes.get("broken_at_step")
    detail = {
        "complete": f"The run was closed; {evidence.records} records, {evidence.span()}.",
        "broken": f"The run broke at step {step}: {evidence.attributes.get('broken_because') or 'no reason given'}.",
    }.get(status, f"The run was not closed (status {status}): what follows speaks of {evidence.span()} only.")
    if evidence.undefined:
        detail += f" {evidence.undefined} records without finite numbers were set aside."
    faults = float((status != "complete") + evidence.undefined)
    return counted(
        "complete record",
        "the record covers the whole run and every number in it is finite",
        "the record",
        faults,
        detail,
        Concern.COVERAGE,
    )


def _gaps(evidence: Evidence) -> Finding:
    steps = np.diff(evidence.steps)
    backwards = int((steps <= 0).sum())
    gaps = 0
    if "interval" in evidence.ledger:
        gaps = int((np.asarray(evidence.ledger["interval"].values)[1:] != steps).sum())
    detail = f"{backwards} steps out of order, {gaps} records whose interval does not reach back to the one before."
    return counted(
        "no gaps",
        "every record starts where the one before ended",
        "the record",
        float(backwards + gaps),
        detail,
        Concern.RECORD,
    )
