"""The words of the study, for the terminal."""

from __future__ import annotations

from szilard.studies.reversal.reading import ReversalReading
from szilard.studies.reversal.summary import summarise_reversal
from szilard.verdicts.audit import Audit


def summary(reading: ReversalReading, audit: Audit) -> str:
    """The record in a screenful of plain text."""
    return summarise_reversal(reading.name, reading.tree, audit)
