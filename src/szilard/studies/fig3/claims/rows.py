"""A claim about each batch size: a row for each, under a name of its own."""

from __future__ import annotations

from numpy import ndarray

from szilard.studies.fig3.reading import Fig3Reading
from szilard.verdicts.audit import AT_BATCH
from szilard.verdicts.claim import Claim


def at(claim: Claim, reading: Fig3Reading, batch: int) -> Claim:
    """The claim at a batch size, by its place."""
    return claim.at(f"{AT_BATCH}{reading.batches[batch]}")


def too_few(reading: Fig3Reading, batch: int) -> str:
    """Why nothing can be said of a batch size; empty where something can."""
    left = int(reading.alive(batch).sum()) if reading.records else 0
    if left < 2:
        return f"{left} of its {reading.trials(batch)} members has finite numbers to the end: an ensemble needs two."
    return ""


def steps(reading: Fig3Reading, rows: ndarray) -> str:
    """The steps of some records, in words."""
    found = reading.steps[rows]
    return f"steps {found[0]:,}–{found[-1]:,}"
