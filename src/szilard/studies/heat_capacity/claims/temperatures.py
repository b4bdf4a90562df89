"""Whether there is one temperature, and whether it is all that counts."""

from __future__ import annotations

import math

import numpy as np

from szilard.estimate import Estimate, Kind
from szilard.studies.heat_capacity.reading import HeatCapacityReading, over_members
from szilard.verdicts.bounds import LEVEL, RELATION
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding

ONE_TEMPERATURE = Claim(
    "one temperature",
    "all layers are of one temperature",
    "paper §6.2",
    measure="hottest layer over the coldest, less 1 (mean of logarithms over trainings)",
    bound=(0.0, RELATION),
)
TEMPERATURE_ALONE = Claim(
    "temperature is all that counts",
    "the loss depends on the temperature alone, whether |b| or r made it",
    "paper Eq. 36",
    bound=(-RELATION, RELATION),
)


def findings(reading: HeatCapacityReading) -> tuple[Finding, ...]:
    """The rows of this family."""
    return (_one(reading), _state(reading)) if reading.whole else ()


def _one(reading: HeatCapacityReading) -> Finding:
    """The hottest layer over the coldest, in the hottest state."""
    layers = range(1, len(reading.groups))
    if len(layers) < 2:
        return ONE_TEMPERATURE.unchecked("the network has one layer: take a deeper one.")
    family = reading.families[0]
    state = family.states[0]
    logs = np.log([reading.of_members("temperature_kinetic", layer)[state] for layer in layers])  # (layers, members)
    hottest, coldest = int(logs.mean(1).argmax()), int(logs.mean(1).argmin())
    gap = over_members(logs[hottest] - logs[coldest])
    low, high = gap.interval(LEVEL)
    return ONE_TEMPERATURE.tested(
        math.expm1(gap.value),
        (math.expm1(low), math.expm1(high)),
        where=f"width {family.width}, r = {family.rate:g}, |b| = {reading.states[state]['batch']}",
        detail=f"{reading.groups[1 + hottest]} is the hottest, {reading.groups[1 + coldest]} the coldest.",
    )


def _state(reading: HeatCapacityReading) -> Finding:
    """The line from batch sizes at one rate against that at another."""
    lines = [(family, line) for family in reading.rates if (line := reading.line(family)) is not None]
    if len(lines) < 2:
        return TEMPERATURE_ALONE.unchecked("it takes two learning rates: give rates.")
    (first, one), (second, other) = lines[:2]
    logs = [over_members(np.log(reading.slopes(family))) for family in (first, second)]
    gap = Estimate(
        logs[0].value - logs[1].value, math.hypot(logs[0].error, logs[1].error), Kind.ASYMPTOTIC, reading.members - 1
    )
    low, high = gap.interval(LEVEL)
    return TEMPERATURE_ALONE.tested(
        math.expm1(gap.value),
        (math.expm1(low), math.expm1(high)),
        measure=f"dU/dT at r = {first.rate:g} over that at r = {second.rate:g}, less 1",
        where=f"width {first.width}, temperatures changed by |b| at each of the two rates",
        detail=(
            "The effect is from the mean of the logarithms of single trainings' slopes. Of the means over trainings "
            f"dU/dT is {one.capacity.value:,.0f} and {other.capacity.value:,.0f}, the loss at no temperature "
            f"{one.ground.value:.4f} and {other.ground.value:.4f} nat."
        ),
    )
