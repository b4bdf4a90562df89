"""The words of the study, for the terminal."""

from __future__ import annotations

from szilard.studies.kits.parameters.words import in_words as of_the_reservoir
from szilard.studies.kits.watched.drift import drift_share
from szilard.studies.kits.watched.intervals import describe, momentum_of
from szilard.studies.kits.watched.learning import in_words
from szilard.studies.single.reading import SingleReading
from szilard.studies.single.summary import Findings, summarise
from szilard.verdicts.audit import Audit


def summary(reading: SingleReading, audit: Audit) -> str:
    """The record in a screenful of plain text."""
    evidence = reading.evidence
    momentum = momentum_of(evidence.attributes.get("optimizer"))
    share = drift_share(evidence.ledger, momentum)
    bursts = evidence.reservoir
    findings = Findings(
        entropy_change=evidence.at_end("entropy_change"),
        motion="too few jumps to tell drift from diffusion." if share is None else describe(share, momentum),
        verdict=audit.verdict,
        outcome=in_words(evidence.ledger, share) if evidence.records > 1 else "",
        reservoir=() if bursts is None else of_the_reservoir(bursts, audit.rows),
    )
    everything = reading.tree.children["ledger"].to_dataset(inherit=False)
    return summarise(reading.name, reading.attributes, everything, findings)
