"""Whether the record is whole, and its states stationary."""

from __future__ import annotations

import numpy as np

from szilard.numbers import number
from szilard.studies.heat_capacity.reading import HeatCapacityReading, over_members
from szilard.studies.kits.complete import COMPLETE, complete_record
from szilard.verdicts.bounds import RELATION
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Concern, Finding

STATIONARY = Claim(
    "stationary states",
    "the trainings had come to rest before they were looked at",
    "paper §6.1",
    measure="drift of U over the looks, over its range over temperatures, mean over states",
    bound=(-RELATION, RELATION),
    concerns=Concern.COVERAGE,
)


def findings(reading: HeatCapacityReading) -> tuple[Finding, ...]:
    """The rows of this family."""
    closed = complete_record(reading, COMPLETE, empty=not reading.whole)
    return (closed, _stationary(reading)) if reading.whole else (closed,)


def _stationary(reading: HeatCapacityReading) -> Finding:
    """The drift of the loss over the looks, over what temperature does to it: mean over trainings and states."""
    third = max(1, reading.records // 3)
    energies = reading.column("energy")
    drifts = energies[-third:].mean(0) - energies[:third].mean(0)  # (states, members)
    means, shares = energies.mean((0, 2)), np.empty_like(drifts)
    for family in reading.families:
        places = list(family.states)
        shares[places] = drifts[places] / (float(np.ptp(means[places])) or 1.0)
    average = over_members(shares.mean(0))
    worst = int(np.abs(shares.mean(1)).argmax())
    state = reading.states[worst]
    return STATIONARY.tested(
        average,
        where=f"all {len(reading.states)} states",
        detail=(
            f"The mean loss of the last third of the looks less that of the first. It is largest, "
            f"{number(float(shares.mean(1)[worst]))}, at width {state['width']}, r = {state['rate']:g}, |b| = "
            f"{state['batch']}."
        ),
    )
