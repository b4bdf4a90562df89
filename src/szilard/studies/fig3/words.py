"""The words of the study, for the terminal."""

from __future__ import annotations

from szilard.studies.fig3.reading import Fig3Reading
from szilard.studies.fig3.summary import summarise_fig3
from szilard.verdicts.audit import Audit


def summary(reading: Fig3Reading, audit: Audit) -> str:
    """The record in a screenful of plain text."""
    return summarise_fig3(reading.name, reading.tree, audit)
