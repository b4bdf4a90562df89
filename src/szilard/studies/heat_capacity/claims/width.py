"""Over-parameterisation and heat capacity: what a larger network does to dU/dT, and to the heat that it holds."""

from __future__ import annotations

import math

import numpy as np

from szilard.numbers import number
from szilard.reservoir.replicates import exponent
from szilard.studies.heat_capacity.reading import HeatCapacityReading
from szilard.verdicts.bounds import EXPONENT
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding

SOURCE = "paper §§4, 6.1"

IN_PROPORTION = Claim(
    "over-parameterised means heat capacity",
    "heat capacity is in proportion to the number of parameters",
    SOURCE,
    measure="exponent of dU/dT in the number of parameters",
    bound=(1 - EXPONENT, 1 + EXPONENT),
)
HOLDS_MORE = Claim(
    "a larger reservoir holds more heat",
    "at the same |b| and r more parameters store more heat",
    SOURCE,
    measure="exponent of C T in the number of parameters",
    bound=(0.5, math.inf),
)


def findings(reading: HeatCapacityReading) -> tuple[Finding, ...]:
    """The rows of this family, at the first rate."""
    return (_capacity(reading), _held(reading)) if reading.whole else ()


def _sizes(reading: HeatCapacityReading) -> np.ndarray:
    return np.array([reading.size(family.states[0]) for family in reading.widths], dtype=float)


def _capacity(reading: HeatCapacityReading) -> Finding:
    if len(reading.widths) < 2:
        return IN_PROPORTION.unchecked("it takes several widths: give widths.")
    slopes = np.array([reading.slopes(family) for family in reading.widths]).T  # (members, widths)
    law = exponent(_sizes(reading), slopes)
    middle = np.median(slopes, axis=0)
    return IN_PROPORTION.tested(
        law,
        where=_where(reading),
        detail=f"dU/dT goes from {middle[0]:,.0f} to {middle[-1]:,.0f}, in units of the temperature per parameter.",
    )


def _held(reading: HeatCapacityReading) -> Finding:
    """dU/dT times T at the smallest batch: what the loss stands above that at no temperature."""
    if len(reading.widths) < 2:
        return HOLDS_MORE.unchecked("it takes several widths: give widths.")
    temperatures = reading.of_members("temperature_kinetic")
    held = np.array(
        [reading.slopes(family) * temperatures[family.states[0]] for family in reading.widths]
    ).T  # (members, widths)
    law = exponent(_sizes(reading), held)
    coldest = np.median([temperatures[family.states[0]] for family in reading.widths], axis=1)
    middle = np.median(held, axis=0)
    return HOLDS_MORE.tested(
        law,
        where=f"{_where(reading)}, |b| = {reading.states[reading.widths[0].states[0]]['batch']}",
        detail=(
            f"C T goes from {number(float(middle[0]))} to {number(float(middle[-1]))} nat while the temperature per "
            f"parameter goes from {number(coldest[0])} to {number(coldest[-1])}: gradient noise is shared among the "
            "parameters, so that a larger reservoir is colder in proportion."
        ),
    )


def _where(reading: HeatCapacityReading) -> str:
    sizes = _sizes(reading)
    widths = [family.width for family in reading.widths]
    return f"widths {widths[0]} to {widths[-1]} ({sizes[0]:,.0f} to {sizes[-1]:,.0f} parameters)"
