"""Equilibrium of the parameters (Eqs. 27–28, 36–37): canonical state, detailed balance, entropy production.

All from projections on a few random directions of each layer. What happens along them happens, so they can refute; as
few directions average over all others, they can confirm only where a layer has no more parameters than directions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from szilard.errors import ModelError, RecordError
from szilard.numbers import number, with_error
from szilard.reservoir.canonical import canonical
from szilard.reservoir.detailed_balance import detailed_balance
from szilard.reservoir.entropy_production import ep_rate_fitted
from szilard.reservoir.time_average import time_average
from szilard.reservoir.uncertainty_bound import bound_of_current, uncertainty_bound
from szilard.studies.kits.parameters.statements import BALANCE, CANONICAL, IDEAL
from szilard.studies.kits.watched.bursts import Bursts
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.verdicts.bounds import FEWEST_RELAXED
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding, Interval
from szilard.verdicts.intervals import level_of

ROWS = (CANONICAL, BALANCE, IDEAL)
STILL = 1e-12
"""Range of a projection, relative to the largest of the layer's, up to which it is rounding."""
MOST_NAMED = 5
"""Layers that a sentence names."""


def findings(reading: WatchedReading) -> tuple[Finding, ...]:
    """The rows of this family, over the evenly spaced records of the second half."""
    bursts = reading.bursts
    assert bursts is not None
    if not bursts.has("projection_position", "projection_force"):
        return tuple(
            claim.unchecked("No projections were recorded: give the Reservoir measure directions=4.") for claim in ROWS
        )
    paths = {layer: path for layer in range(bursts.groups) if (path := settled_path(bursts, layer)) is not None}
    if not paths:
        seen = max((relaxed(bursts, layer) for layer in range(bursts.groups)), default=0.0)
        why = (
            f"In the second half the paths of the parameters hold at most {seen:.0f} independent positions, and "
            f"{FEWEST_RELAXED} are needed: they still drift, or relax more slowly than the training lasts."
            if seen
            else "In the second half the parameters do not move."
        )
        return tuple(claim.unchecked(why) for claim in ROWS)
    return (_canonical(bursts, paths), _balance(bursts, paths), _ideal(bursts, paths))


def relaxed(bursts: Bursts, layer: int) -> float:
    """Independent positions that the slowest moving projection of a layer is worth; 0 where none moves."""
    chosen = _moving(bursts, layer)
    path = bursts.values("projection_position")[bursts.even, layer][:, chosen]
    if len(path) < 2 or not len(chosen):
        return 0.0
    return float(np.min(time_average(path).effective_samples))


def settled_path(bursts: Bursts, layer: int) -> np.ndarray | None:
    """Projections of a layer, (records, directions); None where fewer than two moved, or all are on their way."""
    chosen = _moving(bursts, layer)
    if len(chosen) < 2 or relaxed(bursts, layer) < FEWEST_RELAXED:
        return None
    return np.asarray(bursts.values("projection_position")[bursts.even, layer][:, chosen])


def _moving(bursts: Bursts, layer: int) -> np.ndarray:
    """The directions along which a layer moves, no more of them than it has parameters: others are copies of these.

    By their range relative to their size: the spread of numbers that are all alike is rounding, not zero.
    """
    path = bursts.values("projection_position")[bursts.even, layer]
    if not len(path):
        return np.zeros(0, dtype=int)
    known = np.isfinite(path).all(0)
    size = np.where(known, np.abs(path).max(0), 0.0).max(initial=0.0)
    moving = known & (np.where(known, np.ptp(path, 0), 0.0) > STILL * size)
    return np.flatnonzero(moving)[: bursts.parameters[layer] or None]


@dataclass(frozen=True, slots=True)
class Judged:
    """One layer's effect and its interval; ``chance`` is the probability of such a departure without one."""

    effect: float
    interval: Interval
    chance: float


def _judged(judge_one: Callable[[int, np.ndarray], Judged], paths: dict[int, np.ndarray]) -> dict[int, Judged]:
    """What comes of each layer, by its place; those whose paths cannot be judged are left out."""
    found = {}
    for layer, path in paths.items():
        try:
            found[layer] = judge_one(layer, path)
        except RecordError:
            continue
    return {layer: one for layer, one in found.items() if math.isfinite(one.effect)}


def _canonical(bursts: Bursts, paths: dict[int, np.ndarray]) -> Finding:
    """``‖G/T − 1‖²/d`` of each layer."""
    level = level_of(len(paths))

    def one(layer: int, path: np.ndarray) -> Judged:
        force = -bursts.values("projection_force")[bursts.even, layer][:, _moving(bursts, layer)]
        found = canonical(path, force)
        low, high = found.anisotropy.interval(level)
        return Judged(found.anisotropy.value, (low, high if spanned(bursts, layer) else math.inf), found.p_value)

    found = _judged(one, paths)
    said = f"Probability of temperatures so far apart if all were alike: {_least(found)} or more a layer."
    return _row(CANONICAL, bursts, found, said)


def _balance(bursts: Bursts, paths: dict[int, np.ndarray]) -> Finding:
    """Turning over relaxing, squared; counted only where turning round whole blocks of the path shows a current too."""
    level = level_of(len(paths))

    def one(layer: int, path: np.ndarray) -> Judged:
        found = detailed_balance(path)
        low, high = found.irreversibility.interval(level)
        low = low if found.p_value <= 1 - level else min(low, 0.0)
        return Judged(found.irreversibility.value, (low, high if spanned(bursts, layer) else math.inf), found.p_value)

    found = _judged(one, paths)
    said = f"Probability of such currents under detailed balance: {_least(found)} or more a layer."
    return _row(BALANCE, bursts, found, said)


def _ideal(bursts: Bursts, paths: dict[int, np.ndarray]) -> Finding:
    """What the best currents prove of the entropy production: never an upper bound.

    They count only where turning round whole blocks of the path shows a current too.
    """
    level = level_of(len(paths))

    def one(_: int, path: np.ndarray) -> Judged:
        found, chance = uncertainty_bound(path), detailed_balance(path).p_value
        surely = max(found.current.interval(level)[0], 0.0) if chance <= 1 - level else 0.0
        return Judged(found.rate.value, (float(bound_of_current(surely)), math.inf), chance)

    found = _judged(one, paths)
    between = int(np.median(np.diff(bursts.steps[bursts.even])))
    said = (
        f"From one record to the next, {between:,} training steps. A bound from below: it can prove some, never none."
        f"{_fitted(bursts, {layer: paths[layer] for layer in found})}"
    )
    return _row(IDEAL, bursts, found, said)


def _least(found: dict[int, Judged]) -> str:
    """The smallest probability of any layer, in words."""
    known = [one.chance for one in found.values() if not math.isnan(one.chance)]
    return number(min(known)) if known else "unknown"


def _fitted(bursts: Bursts, paths: dict[int, np.ndarray]) -> str:
    """Beside the bound, what linear dynamics fitted to the projections would produce, of the layer that shows most."""
    found = {}
    for layer, path in paths.items():
        try:
            fitted = ep_rate_fitted(path)
        except (RecordError, ModelError):
            continue
        if math.isfinite(fitted.value) and math.isfinite(fitted.error):
            found[layer] = fitted
    if not found:
        return ""
    level = level_of(len(found))
    layer = max(found, key=lambda layer: (found[layer].interval(level)[0], found[layer].value))
    most = found[layer]
    low, high = most.interval(level)
    return (
        f" Linear dynamics fitted to the same paths produce {with_error(most.value, most.error)} nat in that "
        f"time in {bursts.names[layer]} ({number(low)} to {number(high)}), of what these directions show."
    )


def spanned(bursts: Bursts, layer: int) -> bool:
    """Whether the directions are all that the layer has."""
    return bool(0 < bursts.parameters[layer] <= bursts.data.sizes["direction"])


def _row(claim: Claim, bursts: Bursts, found: dict[int, Judged], detail: str) -> Finding:
    """The worst layer."""
    if not found:
        return claim.unchecked("The paths are too short, or do not move in two directions: train longer.")
    layers, intervals = list(found), [one.interval for one in found.values()]
    worst = claim.decisive(intervals)
    few = "" if all(spanned(bursts, layer) for layer in layers) else (
        f" {bursts.data.sizes['direction']} directions a layer can refute, but not confirm."
    )  # fmt: skip
    effects = [one.effect for one in found.values()]
    return claim.tested(
        effects[worst],
        intervals[worst],
        where=f"{bursts.span(bursts.even)}, {bursts.names[layers[worst]]}",
        detail=f"{_told(bursts, layers)}{few} {detail}",
        parts=claim.parts([bursts.names[layer] for layer in layers], effects, intervals),
        among="layers",
    )


def _told(bursts: Bursts, layers: list[int]) -> str:
    """How many layers tell something, and which did not move at all."""
    still = [bursts.names[layer] for layer in range(bursts.groups) if not len(_moving(bursts, layer))]
    said = f"{len(layers)} of {bursts.groups} layers were still enough to tell."
    if not still:
        return said
    some = f"{', '.join(still[:MOST_NAMED])}{' and others' if len(still) > MOST_NAMED else ''}"
    return f"{said} Left out, as {'it does' if len(still) == 1 else 'they do'} not move: {some}."
