"""Whether a record covers the whole of what was to be run: one rule for every study."""

from __future__ import annotations

from szilard.studies.reading import Reading
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Concern, Finding

COMPLETE = Claim("complete record", "the record covers the whole run", "the record", concerns=Concern.COVERAGE)


def complete_record(
    reading: Reading, claim: Claim = COMPLETE, *, set_aside: int = 0, empty: bool = False, told: str = ""
) -> Finding:
    """The row ``complete record``: a run that was not closed leaves something out, and what it holds stands.

    Args:
        reading: of the record.
        claim: COMPLETE, or the same with a sentence that says what else is complete.
        set_aside: rows that hold no finite numbers.
        empty: whether the record holds too little to speak of.
        told: a sentence about the rows that were set aside.
    """
    status = str(reading.attributes.get("status", "unknown"))
    faults = (status != "complete" or empty) + set_aside
    return claim.counted(faults, f"{_ending(reading, status)} {told}".strip())


def _ending(reading: Reading, status: str) -> str:
    """How a run ended, in a sentence."""
    if status == "complete":
        return f"The run was closed; {reading.records} records, {reading.span()}."
    if status == "broken":
        step, why = (reading.attributes.get(name) for name in ("broken_at_step", "broken_because"))
        return f"The run broke at step {step}: {why or 'no reason given'}."
    return f"The run was not closed (status {status}): what follows speaks of {reading.span()} only."
