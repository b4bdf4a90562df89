"""Whether the record is whole, and its states stationary."""

from __future__ import annotations

import numpy as np

from szilard.audit.bounds import RELATION
from szilard.audit.finding import Concern, Finding
from szilard.audit.heat_capacity.evidence import HeatEvidence
from szilard.audit.rows import counted, decisive, level_of, tested


def findings(evidence: HeatEvidence) -> tuple[Finding, ...]:
    """The rows of this family."""
    status = str(evidence.attributes.get("status"))
    told = "The run was closed" if status == "complete" else f"The run was not closed (status {status})"
    closed = counted(
        "closed run",
        "the record covers the whole run",
        "record",
        float(status != "complete" or evidence.looks < 2),
        f"{told}; {evidence.span()}.",
        Concern.RECORD,
    )
    return (closed, _stationary(evidence)) if evidence.looks > 1 else (closed,)


def _stationary(evidence: HeatEvidence) -> Finding:
    """The drift of the loss over the looks, over what temperature does to it."""
    bound = (-RELATION, RELATION)
    drifts, places = [], []
    for family in evidence.families:
        energies = [evidence.mean("energy", state).value for state in family.states]
        for state in family.states:
            estimate = evidence.drift(state)
            level = level_of(len(evidence.states))
            low, high = estimate.interval(level)
            scale = float(np.ptp(energies)) or 1.0
            drifts.append((estimate.value / scale, (low / scale, high / scale)))
            places.append((family, int(evidence.states[state]["batch"])))
    worst = decisive([interval for _, interval in drifts], bound)
    family, batch = places[worst]
    return tested(
        "stationary states",
        "the trainings had come to rest before they were looked at",
        "paper §6.1",
        measure="drift of U over the looks, over its range over temperatures",
        effect=drifts[worst][0],
        interval=drifts[worst][1],
        bound=bound,
        where=f"decided at width {family.width}, r = {family.rate:g}, |b| = {batch}",
        detail=f"The mean loss of the last third of the looks less that of the first, in {len(drifts)} states.",
        concerns=Concern.COVERAGE,
    )
