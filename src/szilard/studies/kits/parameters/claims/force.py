"""Force against noise (§6.2, last paragraph): whether the deterministic force is large beside the random one."""

from __future__ import annotations

import numpy as np

from szilard.estimate import Estimate
from szilard.numbers import with_error
from szilard.reservoir.time_average import time_ratio
from szilard.studies.kits.parameters.claims.layers import worst_of_layers
from szilard.studies.kits.parameters.statements import FORCE, SIGNAL
from szilard.studies.kits.watched.bursts import Bursts
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.verdicts.bounds import FEWEST_BURSTS
from szilard.verdicts.finding import Finding
from szilard.verdicts.intervals import level_of


def findings(reading: WatchedReading) -> tuple[Finding, ...]:
    """The rows of this family, over the second half of the records."""
    bursts = reading.bursts
    assert bursts is not None
    if bursts.records < FEWEST_BURSTS:
        return tuple(claim.unchecked(bursts.too_few(FEWEST_BURSTS)) for claim in (FORCE, SIGNAL))
    return (_greatest(bursts), _signal(bursts))


def signal_over_noise(bursts: Bursts, layer: int, rows: slice) -> Estimate | None:
    """``‖∇U‖²/tr C_b`` of a layer over some rows, the ratio of means; None without noise."""
    signal, noise = (bursts.values(name)[rows, layer] for name in ("signal_variance", "noise_variance"))
    return time_ratio(signal, noise).value if len(noise) > 1 and noise.mean() > 0 else None


def _greatest(bursts: Bursts) -> Finding:
    """max|∇U_B| over the standard deviation of the noise; an upper bound where the force was sampled."""
    noise = np.sqrt(np.maximum(bursts.values("noise_variance")[bursts.late], 0))
    greatest = bursts.values("max_force")[bursts.late]
    layers = [layer for layer in range(bursts.groups) if noise[:, layer].mean() > 0]
    if not layers:
        return FORCE.unchecked("There is no noise: its variance is 0 in every layer.")
    found = [time_ratio(greatest[:, layer], noise[:, layer]).value for layer in layers]
    intervals = [one.interval(level_of(len(layers))) for one in found]
    if not bursts.full_force:
        intervals = [(0.0, high) for _, high in intervals]
    worst = FORCE.decisive(intervals)
    layer, ratio = layers[worst], found[worst]
    sampled = " The force is the mean of a burst, whose own noise adds to its maximum: at most so large."
    return FORCE.tested(
        ratio.value,
        intervals[worst],
        where=f"{bursts.span(bursts.late)}, {bursts.names[layer]}",
        detail=(
            f"{with_error(ratio.value, ratio.error)} in {bursts.names[layer]}, of the most pushed of its "
            f"parameters.{'' if bursts.full_force else sampled}"
        ),
        parts=FORCE.parts([bursts.names[each] for each in layers], [one.value for one in found], intervals),
        among="layers",
    )


def _signal(bursts: Bursts) -> Finding:
    found = {
        layer: one
        for layer in range(bursts.groups)
        if (one := signal_over_noise(bursts, layer, bursts.late)) is not None
    }
    if not found:
        return SIGNAL.unchecked("There is no noise: its variance is 0 in every layer.")

    def detail(layer: int) -> str:
        before = signal_over_noise(bursts, layer, slice(0, bursts.records // 2))
        earlier = "" if before is None else f"; in the first half {with_error(before.value, before.error)}"
        return f"{with_error(found[layer].value, found[layer].error)} in {bursts.names[layer]}{earlier}."

    return worst_of_layers(SIGNAL, bursts, found, bursts.span(bursts.late), detail)
