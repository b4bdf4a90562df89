"""The run's few numbers at a glance."""

from __future__ import annotations

import math

from szilard.page.cards import number
from szilard.page.content import Card
from szilard.studies.kits.parameters.claims.temperatures import layer_temperatures
from szilard.studies.kits.parameters.words import noise_scale, over
from szilard.studies.kits.watched.curves import curve
from szilard.studies.single.reading import SingleReading
from szilard.verdicts.bounds import FEWEST_BURSTS


def cards(reading: SingleReading) -> list[Card]:
    """ΔS, W, Q, L and the accuracy, each with its standard error and unit."""
    if reading.records < 2:
        return []
    change = reading.entropy_change
    shown = [number("ΔS", "change of entropy", change.value, change.error, "nat per input")]
    for symbol, words, column, unit in (
        ("W", "work (= Σ)", "work", "nat per input"),
        ("Q", "heat absorbed", "heat", "nat per input"),
        ("L", "length of the way", "length", "nat^½"),
    ):
        end = reading.at(column)
        shown.append(number(symbol, words, end.value, end.error, unit))
    if reading.has("accuracy"):
        accuracy = curve(reading, "accuracy")
        error = float(accuracy.half[-1]) / reading.half_width if accuracy.half is not None else 0.0
        shown.append(number("", "accuracy on the probe", float(accuracy.values[-1]), error, ""))
    return [*shown, *of_the_reservoir(reading)]


def of_the_reservoir(reading: SingleReading) -> list[Card]:
    """How far the layers' temperatures lie apart, and the noise scale, late in the training."""
    bursts = reading.bursts
    if bursts is None or bursts.records < FEWEST_BURSTS:
        return []
    shown = []
    heat = layer_temperatures(bursts, bursts.late)
    hot, cold = (choose(heat, key=lambda one: float(one.value)) for choose in (max, min))
    if bursts.groups > 1 and cold.value > 0:
        spread = over(hot, cold)
        shown.append(number("T", "hottest over coldest layer", spread.value, spread.error, ""))
    scale, (_, most) = noise_scale(bursts, bursts.late)
    if bursts.batch_size and math.isfinite(most):
        shown.append(number("", "noise scale", scale.value, scale.error, f"examples (batch {bursts.batch_size:,})"))
    return shown
