"""The record itself: whether it is whole, unbroken and without gaps."""

from __future__ import annotations

import numpy as np

from szilard.audit.evidence import Evidence
from szilard.audit.finding import Basis, Concern, Finding, judge


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
    return _row(
        "complete record",
        "the record covers the whole run and every number in it is finite",
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
    return _row(
        "no gaps", "every record starts where the one before ended", float(backwards + gaps), detail, Concern.RECORD
    )


def _row(name: str, claim: str, faults: float, detail: str, concerns: Concern) -> Finding:
    return Finding(
        name=name,
        claim=claim,
        source="the record",
        basis=Basis.TESTED,
        concerns=concerns,
        measure="faults",
        effect=faults,
        interval=(faults, faults),
        bound=(0.0, 0.0),
        verdict=judge((faults, faults), (0.0, 0.0)),
        detail=detail,
    )
