"""The words of the study, for the terminal."""

from __future__ import annotations

from szilard.studies.kits.parameters.words import in_words as of_the_reservoir
from szilard.studies.kits.watched.learning import in_words
from szilard.studies.kits.watched.words import describe
from szilard.studies.single.reading import SingleReading
from szilard.studies.single.summary import Findings, summarise
from szilard.verdicts.audit import Audit


def summary(reading: SingleReading, audit: Audit) -> str:
    """The record in a screenful of plain text."""
    share = reading.drift_share
    findings = Findings(
        entropy_change=reading.entropy_change,
        motion="too few jumps to tell drift from diffusion." if share is None else describe(share, reading.momentum),
        verdict=audit.verdict,
        outcome=in_words(reading.rows, share) if reading.whole else "",
        reservoir=() if reading.bursts is None else of_the_reservoir(reading.bursts, audit.rows),
    )
    everything = reading.tree.children["ledger"].to_dataset(inherit=False)
    return summarise(reading.name, reading.attributes, everything, findings)
