"""What a page shows of the parameters as a heat reservoir beside its figures: cards, and a table of the layers."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from szilard.errors import RecordError
from szilard.estimate import Estimate
from szilard.numbers import with_error
from szilard.page.cards import card
from szilard.page.content import Card
from szilard.page.numbers import folded
from szilard.page.safe import escape, prose
from szilard.reservoir.time_average import time_average
from szilard.studies.kits.parameters.claims.force import signal_over_noise
from szilard.studies.kits.parameters.claims.shape import directions, tail
from szilard.studies.kits.parameters.claims.temperatures import (
    configurational,
    fluctuation_dissipation,
    layer_temperatures,
)
from szilard.studies.kits.parameters.words import noise_scale, over
from szilard.studies.kits.watched.bursts import Bursts
from szilard.verdicts.bounds import FEWEST_BURSTS


def reservoir_cards(bursts: Bursts | None) -> list[Card]:
    """How far the layers' temperatures lie apart, and the noise scale, late in the training."""
    if bursts is None or bursts.records < FEWEST_BURSTS:
        return []
    shown = []
    heat = [one for one in layer_temperatures(bursts, bursts.late) if math.isfinite(one.value)]
    hot, cold = (choose(heat, key=lambda one: float(one.value), default=None) for choose in (max, min))
    if len(heat) > 1 and hot is not None and cold is not None and cold.value > 0:
        spread = over(hot, cold)
        shown.append(card("T", "hottest over coldest layer", spread.value, spread.error, ""))
    scale, (_, most) = noise_scale(bursts, bursts.late)
    if bursts.batch_size and math.isfinite(most):
        shown.append(card("", "noise scale", scale.value, scale.error, f"examples (batch {bursts.batch_size:,})"))
    return shown


def layer_table(bursts: Bursts | None) -> str:
    """A folded table with a row for each layer, over the second half of the records; empty text with too few bursts."""
    if bursts is None or bursts.records < FEWEST_BURSTS:
        return ""
    headings = ["layer", "parameters", *(f"{escape(name)} ({prose(unit)})" for name, unit, _ in LAYERS)]
    rows = [
        (bursts.names[layer], [f"{bursts.parameters[layer]:,}", *(_cell(of, bursts, layer) for _, _, of in LAYERS)])
        for layer in range(bursts.groups)
    ]
    summary = f"The layers as heat reservoirs, {bursts.span(bursts.late)}, with standard errors"
    return folded(summary, headings, rows, "Layers")


OfLayer = Callable[[Bursts, int], Estimate | None]


def _late(name: str) -> OfLayer:
    """The mean of a column over those of the second half of the bursts in which it is known."""

    def of(bursts: Bursts, layer: int) -> Estimate:
        column = bursts.known(name)[bursts.late, layer]
        return time_average(column[np.isfinite(column)]).value

    return of


def _spread(bursts: Bursts, layer: int) -> Estimate | None:
    pair = configurational(bursts, layer)
    return None if pair is None else pair[0]


LAYERS: tuple[tuple[str, str, OfLayer], ...] = (
    ("noise variance c", "loss²", _late("noise_variance")),
    ("force over noise", "1", lambda bursts, layer: signal_over_noise(bursts, layer, bursts.late)),
    ("T of the noise", "loss", _late("temperature_noise")),
    ("T kinetic", "loss", _late("temperature_kinetic")),
    ("T configurational", "loss", _spread),
    ("FDR ratio", "1", fluctuation_dissipation),
    ("directions of the noise", "1", directions),
    ("tail index", "1", tail),
)
"""Name, unit and where it comes from."""


def _cell(of: OfLayer, bursts: Bursts, layer: int) -> str:
    try:
        found = of(bursts, layer)
    except RecordError:
        found = None
    return "–" if found is None else with_error(float(found.value), float(found.error))
