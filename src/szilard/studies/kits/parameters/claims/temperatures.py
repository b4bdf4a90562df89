"""One temperature (Eq. 34, §6.2) and stationary parameters: the temperatures of the layers against one another."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind
from szilard.numbers import number, with_error
from szilard.reservoir.canonical import mutual_equilibrium
from szilard.reservoir.time_average import time_average, time_ratio
from szilard.studies.kits.parameters.claims.layers import worst_of_layers
from szilard.studies.kits.parameters.claims.settled import (
    SCHEDULED,
    apart_at_rest,
    balanced,
    scheduled,
    steady_rows,
)
from szilard.studies.kits.parameters.statements import ONE_TEMPERATURE, SETTLED, YAIDA
from szilard.studies.kits.watched.bursts import Bursts
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.verdicts.bounds import FEWEST_BURSTS, FEWEST_COMPARED, FEWEST_INDEPENDENT, LEVEL
from szilard.verdicts.finding import Finding
from szilard.verdicts.intervals import level_of, ratio


def findings(reading: WatchedReading) -> tuple[Finding, ...]:
    """The rows of this family."""
    bursts = reading.bursts
    assert bursts is not None
    return (_one(bursts), _yaida(bursts), _settled(bursts, reading.mapping("optimizer")))


def layer_temperatures(bursts: Bursts, rows: slice) -> list[Estimate]:
    """The temperature of the noise, one a layer, averaged over those of some rows in which it is known; NaN in none.

    Raises:
        RecordError: with fewer than two rows.
    """
    values = bursts.values("temperature_noise")[rows]
    if len(values) < 2:
        raise RecordError(f"{len(values)} burst has no mean with an error: give at least two.")
    unknown = Estimate(math.nan, math.nan, Kind.ASYMPTOTIC)
    known = [column[np.isfinite(column)] for column in values.T]
    return [time_average(column).value if len(column) > 1 else unknown for column in known]


def _one(bursts: Bursts) -> Finding:
    """The largest |ln T_i/T_j| of two layers in the second half of the records."""
    if bursts.groups < 2:
        return ONE_TEMPERATURE.unchecked(
            "The record holds one group of parameters: give the Reservoir measure groups='layer'."
        )
    if bursts.records < FEWEST_BURSTS:
        return ONE_TEMPERATURE.unchecked(bursts.too_few(FEWEST_BURSTS))
    everything = layer_temperatures(bursts, bursts.late)
    warm = [layer for layer, one in enumerate(everything) if one.value > 0 and one.error > 0]
    if len(warm) < 2:
        return ONE_TEMPERATURE.unchecked(
            bursts.without_temperature("Fewer than two layers have noise: there are no temperatures to compare.")
        )
    found = [everything[layer] for layer in warm]
    judged = mutual_equilibrium(found, LEVEL)
    values = [one.value for one in found]
    hot, cold = found[int(np.argmax(values))], found[int(np.argmin(values))]
    hottest, coldest = warm[int(np.argmax(values))], warm[int(np.argmin(values))]
    columns = (bursts.values("temperature_noise")[bursts.late, layer] for layer in warm)
    effective = min(float(time_average(column[np.isfinite(column)]).effective_samples) for column in columns)
    enough = bursts.records // 2 >= FEWEST_COMPARED or effective >= FEWEST_INDEPENDENT
    before = layer_temperatures(bursts, slice(0, bursts.records // 2))
    earlier = before[hottest].value / before[coldest].value if before[coldest].value > 0 else math.nan
    return ONE_TEMPERATURE.tested(
        judged.largest.value,
        judged.largest.interval if enough else (0.0, math.inf),
        where=f"{bursts.span(bursts.late)}, {bursts.names[hottest]} against {bursts.names[coldest]}",
        detail=(
            f"Hottest is {bursts.names[hottest]} at {with_error(hot.value, hot.error)} (units of loss, per "
            f"parameter), coldest {bursts.names[coldest]} at {with_error(cold.value, cold.error)}: "
            f"{number(hot.value / cold.value, 3)} times, {number(earlier, 3)} times in the first half of the records."
            f"{'' if enough else too_alike(effective)}"
        ),
    )


def too_alike(effective: float) -> str:
    """Why so few independent values decide nothing."""
    return (
        f" The values are worth {effective:.1f} independent ones, and {FEWEST_INDEPENDENT} are needed to decide: train "
        "longer."
    )


def fluctuation_dissipation(bursts: Bursts, layer: int) -> Estimate | None:
    """``⟨θ·∇U⟩/½r⟨g²⟩`` of a layer over the second half of the records, the ratio of sums; None where it is not known.

    Each record's ratio is weighed by its steps and its kinetic temperature, so that what both ends of an interval say
    cancels between neighbours. Of records while the rate changed nothing is taken.
    """
    rows = steady_rows(bursts)
    ratios = bursts.values("fdr_ratio")[rows, layer]
    steps = bursts.values("interval")[rows]
    weights = steps * bursts.values("temperature_kinetic")[rows, layer]
    known = np.isfinite(ratios) & (weights > 0)
    if known.sum() < FEWEST_BURSTS // 2:
        return None
    return time_ratio((ratios * weights)[known], weights[known]).value


def _yaida(bursts: Bursts) -> Finding:
    if bursts.records < FEWEST_BURSTS:
        return YAIDA.unchecked(bursts.too_few(FEWEST_BURSTS))
    if scheduled(bursts):
        return YAIDA.unchecked(SCHEDULED)
    found = {
        layer: one for layer in range(bursts.groups) if (one := fluctuation_dissipation(bursts, layer)) is not None
    }
    if not found:
        return YAIDA.unchecked(
            bursts.without_temperature(
                "The record holds no ratio: the optimiser's own law is not known, or nothing moved."
            )
        )

    def detail(layer: int) -> str:
        return (
            f"{with_error(found[layer].value, found[layer].error)} in {bursts.names[layer]}. Above 1 the parameters "
            "still move towards the origin of the axes, below 1 away from it: either way they are not stationary yet."
        )

    return worst_of_layers(YAIDA, bursts, found, bursts.span(steady_rows(bursts)), detail)


def configurational(bursts: Bursts, layer: int) -> tuple[Estimate, Estimate] | None:
    """Configurational and kinetic temperature of the same, last window of records; None where it is not full yet."""
    name = "temperature_configurational"
    if not bursts.has(name):
        return None
    value, error, effective = (
        bursts.values(column)[-1, layer] for column in (name, f"{name}_error", f"{name}_effective_samples")
    )
    if not np.isfinite([value, error, effective]).all():
        return None
    window = bursts.values("temperature_kinetic")[-bursts.window :, layer]
    if not np.isfinite(window).all():
        return None
    return Estimate(float(value), float(error), Kind.ASYMPTOTIC, max(float(effective) - 1, 1.0)), time_average(
        window
    ).value


def _settled(bursts: Bursts, optimizer: Mapping[str, Any]) -> Finding:
    if scheduled(bursts):
        return SETTLED.unchecked(SCHEDULED)
    reason = apart_at_rest(bursts, optimizer)
    if reason:
        return balanced(bursts, reason)
    found = {layer: one for layer in range(bursts.groups) if (one := configurational(bursts, layer)) is not None}
    if not found:
        return SETTLED.unchecked(
            bursts.without_temperature("No window of records was full: train longer, or record more often.")
        )
    layers = list(found)
    ratios = [ratio(*found[layer], level_of(len(layers))) for layer in layers]
    worst = SETTLED.decisive([interval for _, interval in ratios])
    layer = layers[worst]
    positions, motions = found[layer]
    return SETTLED.tested(
        *ratios[worst],
        where=f"{bursts.span(slice(max(0, bursts.records - bursts.window), None))}, {bursts.names[layer]}",
        detail=(
            f"⟨(θ − θ̄)·∇U⟩ = {with_error(positions.value, positions.error)} against "
            f"{with_error(motions.value, motions.error)} of the motion, per parameter, in "
            f"{bursts.names[layer]}. The window is worth {positions.degrees_of_freedom + 1:.0f} independent positions."
        ),
        parts=SETTLED.parts([bursts.names[each] for each in layers], *zip(*ratios, strict=True)),
        among="layers",
    )
