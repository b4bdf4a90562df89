"""Whether the record is whole, and its states stationary."""

from __future__ import annotations

import numpy as np

from szilard.studies.heat_capacity.evidence import HeatEvidence, over_members
from szilard.verdicts.audit import number
from szilard.verdicts.bounds import LEVEL, RELATION
from szilard.verdicts.finding import Concern, Finding
from szilard.verdicts.rows import counted, tested


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
    """The drift of the loss over the looks, over what temperature does to it: training by training, mean over "
    "states."""
    third = max(1, evidence.looks // 3)
    energies = np.asarray(evidence.heat["energy"].values, dtype=float)
    drifts = energies[-third:].mean(0) - energies[:third].mean(0)  # (states, members)
    means, shares = energies.mean((0, 2)), np.empty_like(drifts)
    for family in evidence.families:
        places = list(family.states)
        shares[places] = drifts[places] / (float(np.ptp(means[places])) or 1.0)
    average = over_members(shares.mean(0))
    worst = int(np.abs(shares.mean(1)).argmax())
    state = evidence.states[worst]
    return tested(
        "stationary states",
        "the trainings had come to rest before they were looked at",
        "paper §6.1",
        measure="drift of U over the looks, over its range over temperatures, mean over states",
        effect=average.value,
        interval=average.interval(LEVEL),
        bound=(-RELATION, RELATION),
        where=f"all {len(evidence.states)} states",
        detail=(
            f"The mean loss of the last third of the looks less that of the first. It is largest, "
            f"{number(float(shares.mean(1)[worst]))}, at width {state['width']}, r = {state['rate']:g}, |b| = "
            f"{state['batch']}."
        ),
        concerns=Concern.COVERAGE,
    )
