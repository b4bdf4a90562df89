"""Whether the record is whole, and whether anything was learned."""

from __future__ import annotations

import math

from szilard.estimate import Estimate
from szilard.studies.kits.complete import complete_record
from szilard.studies.tradeoff.reading import TradeOffReading
from szilard.verdicts.bounds import LEVEL
from szilard.verdicts.finding import Concern, Finding
from szilard.verdicts.rows import decisive, tested


def findings(reading: TradeOffReading) -> tuple[Finding, ...]:
    """Whether the record is complete, and whether every state learned something."""
    closed = complete_record(reading, "the record covers the whole run", empty=not reading.whole)
    return (closed, _trained(reading)) if reading.whole else (closed,)


def _trained(reading: TradeOffReading) -> Finding:
    """Every state's cross-entropy on held-out images, less that of independent pixels; the least clear of them."""
    known = float(reading.mapping("baseline").get("cross_entropy", math.nan))
    found = [reading.mean("cross_entropy", state) for state in reading.states]
    gains = [Estimate(known - each.value, each.error, each.kind, each.degrees_of_freedom) for each in found]
    intervals = [gain.interval(LEVEL) for gain in gains]
    bound = (0.0, math.inf)
    place = decisive(intervals, bound)
    return tested(
        "trained machines",
        "every state learned more than the frequency of each pixel",
        "record",
        measure="cross-entropy of held-out images below that of independent pixels, nat",
        effect=gains[place].value,
        interval=intervals[place],
        bound=bound,
        where=f"{reading.states[place].name}, the least clear of {len(gains)} states",
        detail=f"Independent pixels, each with its frequency in the data set, have {known:.3f} nat.",
        concerns=Concern.COVERAGE,
    )
