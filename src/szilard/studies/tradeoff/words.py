"""The words of the study, for the terminal."""

from __future__ import annotations

from szilard.studies.tradeoff.reading import TradeOffReading
from szilard.studies.tradeoff.summary import summarise_tradeoff
from szilard.verdicts.audit import Audit


def summary(reading: TradeOffReading, audit: Audit) -> str:
    """The record in a screenful of plain text."""
    return summarise_tradeoff(reading.name, reading.tree, audit)
