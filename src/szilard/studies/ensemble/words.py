"""The words of the study, for the terminal."""

from __future__ import annotations

from szilard.studies.ensemble.reading import EnsembleReading
from szilard.studies.ensemble.summary import summarise_ensemble
from szilard.verdicts.audit import Audit


def summary(reading: EnsembleReading, audit: Audit) -> str:
    """The record in a screenful of plain text."""
    return summarise_ensemble(reading.name, reading.tree, audit.verdict)
