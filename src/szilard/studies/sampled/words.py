"""The words of the study, for the terminal."""

from __future__ import annotations

from szilard.studies.sampled.reading import SampledReading
from szilard.studies.sampled.summary import summarise_sampled
from szilard.verdicts.audit import Audit


def summary(reading: SampledReading, audit: Audit) -> str:
    """The record in a screenful of plain text."""
    return summarise_sampled(reading.name, reading.tree, audit)
