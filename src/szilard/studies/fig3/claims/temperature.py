"""Temperature (Eq. 34): whether it goes with 1/|b|, and whether all layers have the same."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind
from szilard.numbers import number, with_error
from szilard.reservoir.canonical import mutual_equilibrium
from szilard.reservoir.contrasts import largest_effect
from szilard.studies.fig3.claims.rows import at, steps, too_few
from szilard.studies.fig3.reading import STRETCHES, Fig3Reading, log_ratio, mean_over
from szilard.studies.kits.parameters.statements import ONE_TEMPERATURE
from szilard.verdicts.bounds import SAME_NOISE, STEADY
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding

NOISE = Claim(
    "noise goes with 1/|b|",
    "at the same parameters the variance of the noise is C/|b|",
    "paper §6, Fig. 3c",
    bound=(0.0, SAME_NOISE),
)
TEMPERATURE = Claim(
    "temperature goes with 1/|b|",
    "along the training, where parameters differ, the batch size sets the temperature and nothing else does",
    "paper §6, Fig. 3c",
    bound=(0.0, STEADY),
)


def findings(reading: Fig3Reading) -> tuple[Finding, ...]:
    """The rows of this family."""
    several = len(reading.batches) > 1 and reading.records > 0
    ratios = (_at_start(reading), _along(reading)) if several else ()
    return (*ratios, *(_layers(reading, batch) for batch in range(len(reading.batches))))


def layer_temperatures(reading: Fig3Reading, batch: int) -> list[Estimate]:
    """Temperature (nat) of each layer over the last stretch; empty where there are too few records or members."""
    if len(reading.even) < STRETCHES or too_few(reading, batch):
        return []
    means = 0.5 * reading.rate * reading.in_stretches("noise_variance", batch)[:, -1, 1:]
    found = mean_over(means[None])
    return [
        Estimate(float(value), float(error), Kind.UNBIASED, found.degrees_of_freedom)
        for value, error in zip(found.value[0], found.error[0], strict=True)
    ]


class Hottest(NamedTuple):
    """The hottest layer.

    Attributes:
        name: of the layer.
        temperature: its own, nat.
        over_coldest: that over the temperature of the coldest layer.
    """

    name: str
    temperature: float
    over_coldest: float


def hottest_layer(reading: Fig3Reading, batch: int) -> Hottest | None:
    """Over the last stretch of the training; None with fewer than two layers, or too few records or members."""
    found = [one.value for one in layer_temperatures(reading, batch)]
    if len(found) < 2 or not min(found) > 0:
        return None
    hot = int(np.argmax(found))
    return Hottest(reading.groups[1 + hot], float(found[hot]), float(found[hot] / min(found)))


def _at_start(reading: Fig3Reading) -> Finding:
    """Members start from the same parameters at every batch size, so that at the first record nothing else differs."""
    if reading.steps[0] != 0:
        return NOISE.unchecked("step 0, where members are alike at all batch sizes, was not recorded.")
    values = np.asarray(reading.rows["noise_variance"].values, dtype=float)[0, :, :, 0]
    return _compared(reading, NOISE, values[:, :, None], "step 0, the same parameters", "")


def _along(reading: Fig3Reading) -> Finding:
    if len(reading.even) < STRETCHES:
        return TEMPERATURE.unchecked(f"fewer than {STRETCHES} records lie evenly along the training.")
    everything = np.asarray(reading.rows["noise_variance"].values, dtype=float)[..., 0]
    means = np.stack([everything[rows].mean(0) for rows in reading.stretches()], axis=-1)
    said = " Smaller batches lead to other places, and C(θ) is another there."
    return _compared(reading, TEMPERATURE, means, f"stretches of {reading.span()}", said)


def _compared(reading: Fig3Reading, claim: Claim, values: np.ndarray, where: str, said: str) -> Finding:
    """``|b| c`` at each batch size against the smallest one; values shaped ``(batches, members, stretches)``."""
    batches = reading.batches
    effects, errors, degrees, places = [], [], [], []
    for batch in range(1, len(batches)):
        both = np.isfinite(values[0]).all(-1) & np.isfinite(values[batch]).all(-1)
        if both.sum() < 2:
            continue
        for stretch in range(values.shape[-1]):
            one, other = (reading.of_one_example(place) * values[place, both, stretch] for place in (batch, 0))
            if one.mean() > 0 and other.mean() > 0:
                effect, error = log_ratio(one, other)
                effects.append(effect)
                errors.append(error)
                degrees.append(both.sum() - 1)
                places.append((batch, stretch))
    if not effects:
        return claim.unchecked("no two batch sizes have two members in common.")
    largest = largest_effect(np.array(effects), np.array(errors), np.array(degrees, dtype=float))
    batch, stretch = places[largest.where[0]]
    factor = math.exp(effects[largest.where[0]])
    when = f" in stretch {stretch + 1} of {values.shape[-1]}" if values.shape[-1] > 1 else ""
    return claim.tested(
        largest.value,
        largest.interval,
        measure=f"largest |ln(|b| c_b / {batches[0]} c_{batches[0]})|",
        where=where,
        detail=f"Farthest at |b| = {batches[batch]}{when}: {number(factor, 3)} times what 1/|b| says.{said}",
    )


def _layers(reading: Fig3Reading, batch: int) -> Finding:
    claim = at(ONE_TEMPERATURE, reading, batch)
    if why := too_few(reading, batch):
        return claim.unchecked(why)
    found = layer_temperatures(reading, batch)
    try:
        judged = mutual_equilibrium(found)
    except RecordError as error:
        return claim.unchecked(f"{error}")
    values = [one.value for one in found]
    hot, cold = int(np.argmax(values)), int(np.argmin(values))
    return claim.tested(
        judged.largest.value,
        judged.largest.interval,
        where=steps(reading, reading.stretches()[-1]),
        detail=(
            f"Hottest is {reading.groups[1 + hot]} at T = {with_error(values[hot], found[hot].error)} (units "
            f"of loss, per parameter), coldest {reading.groups[1 + cold]} at "
            f"{with_error(values[cold], found[cold].error)}: {number(values[hot] / values[cold], 3)} times."
        ),
    )
