"""Whether the record is whole, and whether anything was learned."""

from __future__ import annotations

import math

from szilard.estimate import Estimate
from szilard.studies.tradeoff.evidence import TradeOffEvidence
from szilard.verdicts.bounds import LEVEL
from szilard.verdicts.finding import Concern, Finding
from szilard.verdicts.rows import counted, decisive, tested


def findings(evidence: TradeOffEvidence) -> tuple[Finding, ...]:
    """The rows of this family."""
    status = str(evidence.attributes.get("status"))
    told = "The run was closed" if status == "complete" else f"The run was not closed (status {status})"
    closed = counted(
        "closed run",
        "the record covers the whole run",
        "record",
        float(status != "complete" or not evidence.filled),
        f"{told}; {evidence.span()}.",
        Concern.RECORD,
    )
    return (closed, _trained(evidence)) if evidence.filled else (closed,)


def _trained(evidence: TradeOffEvidence) -> Finding:
    """Every state's cross-entropy on held-out images, less that of independent pixels; the least clear of them."""
    baseline = evidence.attributes.get("baseline")
    known = float(baseline["cross_entropy"]) if isinstance(baseline, dict) else math.nan
    found = [evidence.mean("cross_entropy", state) for state in evidence.states]
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
        where=f"{evidence.states[place].name}, the least clear of {len(gains)} states",
        detail=f"Independent pixels, each with its frequency in the data set, have {known:.3f} nat.",
        concerns=Concern.COVERAGE,
    )
