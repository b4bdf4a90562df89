"""Equilibrium of the parameters (Eqs. 27–28, 36–37): canonical state, detailed balance, entropy production.

All from projections on a few random directions of each layer. What happens along them happens, so they can refute; as
few directions average over all others, they can confirm only where a layer has no more parameters than directions.
"""

from __future__ import annotations

import math

import numpy as np

from szilard.audit.bounds import CANONICAL, FEWEST_RELAXED, REVERSIBLE, TURNING
from szilard.audit.bursts import Bursts
from szilard.audit.evidence import Evidence
from szilard.audit.finding import Finding, Interval
from szilard.audit.reservoir import claims
from szilard.audit.reservoir.claims import Claim
from szilard.audit.rows import decisive, level_of
from szilard.errors import RecordError
from szilard.reservoir import bound_of_current, canonical, detailed_balance, time_average, uncertainty_bound

ROWS = (claims.CANONICAL, claims.BALANCE, claims.IDEAL)


def findings(evidence: Evidence) -> tuple[Finding, ...]:
    """The rows of this family, over the evenly spaced records of the second half."""
    bursts = evidence.reservoir
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
        )
        return tuple(claim.unchecked(why) for claim in ROWS)
    return (_canonical(bursts, paths), _balance(bursts, paths), _ideal(bursts, paths))


def relaxed(bursts: Bursts, layer: int) -> float:
    """Independent positions that the slowest projection of a layer is worth."""
    path = bursts.values("projection_position")[bursts.even, layer]
    if len(path) < 2 or not np.isfinite(path).all():
        return 0.0
    return float(np.min(time_average(path).effective_samples))


def settled_path(bursts: Bursts, layer: int) -> np.ndarray | None:
    """Projections of a layer, (records, directions); None where fewer than two moved, or all are on their way."""
    chosen = _moving(bursts, layer)
    if len(chosen) < 2 or relaxed(bursts, layer) < FEWEST_RELAXED:
        return None
    return np.asarray(bursts.values("projection_position")[bursts.even, layer][:, chosen])


def _moving(bursts: Bursts, layer: int) -> np.ndarray:
    """The directions along which a layer moves, no more of them than it has parameters: others are copies of these."""
    path = bursts.values("projection_position")[bursts.even, layer]
    if not len(path):
        return np.zeros(0, dtype=int)
    return np.flatnonzero(path.std(0) > 0)[: bursts.parameters[layer] or None]


def _canonical(bursts: Bursts, paths: dict[int, np.ndarray]) -> Finding:
    """``‖G/T − 1‖²/d`` of each layer; counted only where the directions' temperatures differ by Hotelling's test."""
    effects, intervals, layers = [], [], []
    level = level_of(len(paths))
    for layer, path in paths.items():
        force = -bursts.values("projection_force")[bursts.even, layer]
        try:
            found = canonical(path, force[:, _moving(bursts, layer)])
        except RecordError:
            continue
        low, high = found.anisotropy.interval(level)
        low = low if found.p_value <= 1 - level else min(low, 0.0)
        effects.append(found.anisotropy.value)
        intervals.append((low, high if spanned(bursts, layer) else math.inf))
        layers.append(layer)
    return _row(claims.CANONICAL, bursts, layers, effects, intervals, CANONICAL,
                "spread of ⟨(θ − θ̄)∇Uᵀ⟩/T over directions, squared, the worst layer", "")  # fmt: skip


def _balance(bursts: Bursts, paths: dict[int, np.ndarray]) -> Finding:
    """Turning over relaxing, squared; counted only where turning round whole blocks of the path shows a current too."""
    effects, intervals, layers, certain = [], [], [], []
    level = level_of(len(paths))
    for layer, path in paths.items():
        try:
            found = detailed_balance(path)
        except RecordError:
            continue
        low, high = found.irreversibility.interval(level)
        current = found.p_value <= 1 - level
        effects.append(found.irreversibility.value)
        intervals.append((low if current else min(low, 0.0), high if spanned(bursts, layer) else math.inf))
        layers.append(layer)
        certain.append(found.p_value)
    detail = (
        f"Probability of such currents under detailed balance: {min(certain):.2g} or more a layer." if certain else ""
    )
    return _row(claims.BALANCE, bursts, layers, effects, intervals, TURNING,
                "turning over relaxing, squared, the worst layer", detail)  # fmt: skip


def _ideal(bursts: Bursts, paths: dict[int, np.ndarray]) -> Finding:
    """What the best currents prove of the entropy production: never an upper bound.

    They count only where turning round whole blocks of the path shows a current too.
    """
    effects, intervals, layers = [], [], []
    level = level_of(len(paths))
    for layer, path in paths.items():
        try:
            found, turned = uncertainty_bound(path), detailed_balance(path).p_value
        except RecordError:
            continue
        surely = max(found.current.interval(level)[0], 0.0) if turned <= 1 - level else 0.0
        effects.append(found.rate.value)
        intervals.append((float(bound_of_current(surely)), math.inf))
        layers.append(layer)
    between = int(np.median(np.diff(bursts.steps[bursts.even])))
    detail = (
        f"From one record to the next, {between:,} training steps. A bound from below: it can prove some, never none."
    )
    return _row(claims.IDEAL, bursts, layers, effects, intervals, REVERSIBLE,
                "entropy production proved by currents, nat per record, the worst layer", detail)  # fmt: skip


def spanned(bursts: Bursts, layer: int) -> bool:
    """Whether the directions are all that the layer has."""
    return bool(0 < bursts.parameters[layer] <= bursts.data.sizes["direction"])


def _row(
    claim: Claim,
    bursts: Bursts,
    layers: list[int],
    effects: list[float],
    intervals: list[Interval],
    bound: float,
    measure: str,
    detail: str,
) -> Finding:
    if not layers:
        return claim.unchecked("The paths are too short, or do not move in two directions: train longer.")
    worst = decisive(intervals, (-math.inf, bound))
    few = "" if all(spanned(bursts, layer) for layer in layers) else (
        f" {bursts.data.sizes['direction']} directions a layer can refute, but not confirm."
    )  # fmt: skip
    return claim.tested(
        measure=measure,
        effect=effects[worst],
        interval=intervals[worst],
        bound=(-math.inf, bound),
        where=f"{bursts.span(bursts.even)}, {bursts.names[layers[worst]]}",
        detail=f"{len(layers)} of {bursts.groups} layers were still enough to tell.{few} {detail}".strip(),
    )
