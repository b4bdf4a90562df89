"""Whether a record covers the whole of what was to be run: one rule for every study."""

from __future__ import annotations

from szilard.studies.reading import Reading
from szilard.verdicts.finding import Concern, Finding
from szilard.verdicts.rows import counted, ending


def complete_record(
    reading: Reading, claim: str, *, set_aside: int = 0, empty: bool = False, told: str = ""
) -> Finding:
    """The row ``complete record``: a run that was not closed leaves something out, and what it holds stands.

    Args:
        reading: of the record.
        claim: what is complete, as a sentence.
        set_aside: rows that hold no finite numbers.
        empty: whether the record holds too little to speak of.
        told: a sentence about the rows that were set aside.
    """
    covered = f"{reading.records} records, {reading.span()}"
    status, detail = ending(reading.attributes, covered, reading.span())
    faults = (status != "complete" or empty) + set_aside
    return counted("complete record", claim, "the record", float(faults), f"{detail} {told}".strip(), Concern.COVERAGE)
