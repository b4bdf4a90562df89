"""The record itself: whether it is whole, unbroken and without gaps."""

from __future__ import annotations

import numpy as np

from szilard.studies.kits.complete import complete_record
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.verdicts.finding import Concern, Finding
from szilard.verdicts.rows import counted


def findings(reading: WatchedReading) -> tuple[Finding, ...]:
    """The rows of this family; the effect counts faults, and none are allowed."""
    aside = f"{reading.undefined} records without finite numbers were set aside." if reading.undefined else ""
    claim = "the record covers the whole run and every number in it is finite"
    return (complete_record(reading, claim, set_aside=reading.undefined, told=aside), _gaps(reading))


def _gaps(reading: WatchedReading) -> Finding:
    steps = np.diff(reading.steps)
    backwards = int((steps <= 0).sum())
    gaps = 0
    if "interval" in reading.rows:
        gaps = int((np.asarray(reading.rows["interval"].values)[1:] != steps).sum())
    detail = f"{backwards} steps out of order, {gaps} records whose interval does not reach back to the one before."
    return counted(
        "no gaps",
        "every record starts where the one before ended",
        "the record",
        float(backwards + gaps),
        detail,
        Concern.RECORD,
    )
