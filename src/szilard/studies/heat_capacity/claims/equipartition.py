"""Equipartition: whether dU/dT is ½ for each parameter, of the whole and of each layer."""

from __future__ import annotations

from szilard.numbers import percent
from szilard.studies.heat_capacity.reading import Family, HeatCapacityReading
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


def findings(reading: HeatCapacityReading) -> tuple[Finding, ...]:
    """The rows of this family, for the model at its first rate."""
    if not reading.whole:
        return ()
    family = reading.families[0]
    layers = range(1, len(reading.groups))
    return (_row(reading, family, 0), *(_row(reading, family, layer) for layer in layers))


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
