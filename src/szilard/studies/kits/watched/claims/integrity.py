"""The record itself: whether it is whole, unbroken and without gaps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from szilard.studies.kits.complete import COMPLETE as OF_ANY
from szilard.studies.kits.complete import complete_record
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Concern, Finding

COMPLETE = replace(OF_ANY, claim="the record covers the whole run and every number in it is finite")
NO_GAPS = Claim("no gaps", "every record starts where the one before ended", "the record", concerns=Concern.RECORD)


def findings(reading: WatchedReading) -> tuple[Finding, ...]:
    """The rows of this family; the effect counts faults, and none are allowed."""
    aside = f"{reading.undefined} records without finite numbers were set aside." if reading.undefined else ""
    return (complete_record(reading, COMPLETE, set_aside=reading.undefined, told=aside), _gaps(reading))


def _gaps(reading: WatchedReading) -> Finding:
    steps = np.diff(reading.steps)
    backwards = int((steps <= 0).sum())
    gaps = 0
    if "interval" in reading.rows:
        gaps = int((np.asarray(reading.rows["interval"].values)[1:] != steps).sum())
    detail = f"{backwards} steps out of order, {gaps} records whose interval does not reach back to the one before."
    return NO_GAPS.counted(backwards + gaps, detail)
