"""The record itself: whether it is whole, unbroken and without gaps."""

from __future__ import annotations

import numpy as np

from szilard.studies.kits.watched.evidence import Evidence
from szilard.verdicts.finding import Concern, Finding
from szilard.verdicts.rows import counted, ending


def findings(evidence: Evidence) -> tuple[Finding, ...]:
    """The rows of this family; the effect counts faults, and none are allowed."""
    return (_complete(evidence), _gaps(evidence))


def _complete(evidence: Evidence) -> Finding:
    status, detail = ending(evidence.attributes, f"{evidence.records} records, {evidence.span()}", evidence.span())
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
