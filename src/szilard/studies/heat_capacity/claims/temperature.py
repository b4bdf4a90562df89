"""What temperature does: the loss rises by ½ for each parameter, of one temperature, and of nothing else."""

from __future__ import annotations

import math

import numpy as np

from szilard.estimate import Estimate, Kind
from szilard.numbers import percent
from szilard.studies.heat_capacity.reading import Family, HeatCapacityReading, over_members
from szilard.verdicts.bounds import LEVEL, RELATION
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding

SOURCE = "paper Eq. 36, in a harmonic basin"
FEW = "a line needs three temperatures: give more batch sizes."
WHOLE = Claim(
    "equipartition",
    "the loss rises by ½ for each parameter with the temperature: dU/dT = d/2",
    SOURCE,
    FEW,
    measure="dU/dT over d/2",
    bound=(1 - RELATION, 1 + RELATION),
)
LAYER = Claim(
    "equipartition in {}",
    "the energy of a layer's fluctuations rises by ½ for each of its parameters with its own temperature",
    SOURCE,
    FEW,
    measure="d(½⟨(θ − θ̄)·∇U⟩)/dT of the layer over d/2",
    bound=(1 - RELATION, 1 + RELATION),
)
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
    """The rows of this family, for the model at its first rate: the whole, each layer, and their temperatures."""
    if not reading.whole:
        return ()
    family = reading.families[0]
    rows = (_row(reading, family, group) for group in range(len(reading.groups)))
    return (*rows, _one(reading), _state(reading))


def _row(reading: HeatCapacityReading, family: Family, group: int) -> Finding:
    claim = LAYER.about(reading.groups[group]) if group else WHOLE
    capacity, line = reading.capacity(family, group), reading.line(family, group)
    if capacity is None or line is None:
        return claim.unchecked()
    half = reading.size(family.states[0], group) / 2
    # Over trainings the error is that of a slope, whatever bends; about the line it knows the bend, with few states.
    ends = (*capacity.interval(LEVEL), *line.capacity.interval(LEVEL))
    low, high = min(ends), max(ends)
    return claim.tested(
        capacity.value / half,
        (low / half, high / half),
        where=reading.where(family),
        detail=(
            f"{2 * half:,.0f} parameters; the line has χ² = {line.chi_square:.1f} on {line.degrees} degrees of freedom"
            f"{'' if line.p_value > 0.01 else ': it bends'}.{_first_order(reading, family, group)}"
        ),
    )


def _first_order(reading: HeatCapacityReading, family: Family, group: int) -> str:
    """What part of the temperature the force itself makes, beyond first order in r."""
    if group:
        return ""
    state = family.states[0]
    kinetic, noise = (reading.mean(f"temperature_{kind}", state).value for kind in ("kinetic", "noise"))
    return (
        f" T is kinetic, r⟨‖g_B‖²⟩/2d; the noise alone makes {percent(noise / kinetic)} of it at |b| ="
        f" {reading.states[state]['batch']}, the rest being of higher order in r."
    )


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
