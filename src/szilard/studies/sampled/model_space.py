"""The models that were kept, as a map; and the way from each to the next, for the detailed fluctuation theorem."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from szilard.ledger.embedding import ModelMap, TargetPlace, classical_scaling, place_target

if TYPE_CHECKING:
    import xarray as xr

FEWEST = 3
"""Models below which there is no map."""


@dataclass(frozen=True)
class Jump:
    """From one kept model to the next.

    Attributes:
        before: training step of the one.
        after: of the other.
        edges: of the bins of σ, nats.
        forward: counts of σ at samples of the one.
        backward: counts of −σ of the way back, at samples of the other.
        slope: of the log ratio in σ, with its standard error; NaN where the two sets do not meet.
    """

    before: int
    after: int
    edges: np.ndarray
    forward: np.ndarray
    backward: np.ndarray
    slope: tuple[float, float]

    @property
    def centres(self) -> np.ndarray:
        """Middle of each bin of σ, nats."""
        return 0.5 * (self.edges[1:] + self.edges[:-1])

    @property
    def shared(self) -> float:
        """The overlap of the two histograms: 1 where they are the same."""
        total = max(self.forward.sum(), self.backward.sum(), 1)
        return float(np.minimum(self.forward, self.backward).sum() / total)


@dataclass(frozen=True)
class Space:
    """The models kept at the end.

    Attributes:
        steps: training step of each.
        map: their places; None with fewer than three.
        cross_entropy: of held-out data under each, with standard errors; None without data.
        entropy: H(p*) in the same unit; NaN where it is not known.
        target: where p* lies; None without data or map.
        jumps: between all models that ever were kept, one after another.
        unit: ``dimension`` or ``token``.
        size: such units of one sample; NaN where it is not known.
    """

    steps: np.ndarray
    map: ModelMap | None
    cross_entropy: tuple[np.ndarray, np.ndarray] | None
    entropy: float
    target: TargetPlace | None
    jumps: tuple[Jump, ...]
    unit: str
    size: float = math.nan

    @property
    def factor(self) -> str:
        """What a number per unit is to be multiplied by, in brackets after it; empty where it is not known or 1."""
        if not self.size > 1:
            return ""
        return f" ({'a sequence' if self.unit == 'token' else 'a sample'} has {self.size:,.0f})"

    @classmethod
    def of(cls, data: xr.Dataset | None, attributes: Mapping[str, Any]) -> Space | None:
        """The models of group ``model_space`` that were kept to the end; None where it has no rows."""
        if data is None or not {"model_step", "jeffreys"} <= set(data):
            return None
        told = attributes.get("model_space")
        told = told if isinstance(told, Mapping) else {}
        steps, matrix = _complete(*_matrix(data))
        rows = [int(np.flatnonzero(data["step"].values == step)[0]) for step in steps]
        cross = None
        if "cross_entropy" in data and len(rows):
            values, errors = (np.asarray(data[name].values, dtype=float)[rows] for name in _CROSS)
            cross = (values, errors) if np.isfinite(values).all() else None
        found = classical_scaling(matrix) if len(steps) >= FEWEST else None
        entropy = told.get("target_entropy")
        known = isinstance(entropy, int | float) and told.get("cross_entropy_from") == "0"
        entropy = float(entropy) if known else math.nan  # type: ignore[arg-type]
        target = None
        if found is not None and cross is not None:
            target = place_target(found.points, cross[0], entropy if math.isfinite(entropy) else None)
        size = told.get("units_of_a_sample")
        size = float(size) if isinstance(size, int | float) else math.nan
        return cls(steps, found, cross, entropy, target, _jumps(data), str(told.get("unit", "dimension")), size)


_CROSS = ("cross_entropy", "cross_entropy_error")


def _matrix(data: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Steps of the models kept at the end, and the divergences of every pair of them.

    A pair's number is in the row of the later model, at the earlier one's place, which it keeps as long as it is kept.
    """
    rows, places = np.asarray(data["step"].values), np.asarray(data["model_step"].values)
    column = "separation" if "separation" in data else "jeffreys"
    divergence = np.asarray(data[column].values, dtype=float)
    place_of = {int(step): place for place, step in enumerate(places[-1]) if step >= 0}
    steps = np.array(sorted(step for step in place_of if step in rows), dtype=int)
    matrix = np.zeros((len(steps), len(steps)))
    for j, late in enumerate(steps):
        row = int(np.flatnonzero(rows == late)[-1])
        for i, early in enumerate(steps[:j]):
            place = place_of[int(early)]
            found = divergence[row, place] if places[row, place] == early else math.nan
            matrix[i, j] = matrix[j, i] = found
    return steps, matrix


def _complete(steps: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Without the models that lack a number, the one that lacks most first."""
    while np.isnan(matrix).any():
        worst = int(np.isnan(matrix).sum(0).argmax())
        steps, matrix = np.delete(steps, worst), np.delete(np.delete(matrix, worst, 0), worst, 1)
    return steps, matrix


def _jumps(data: xr.Dataset) -> tuple[Jump, ...]:
    found = []
    needed = {"previous_step", "forward_histogram", "backward_histogram", "histogram_low", "histogram_high"}
    if not needed <= set(data):
        return ()
    for row, step in enumerate(data["step"].values.tolist()):
        forward, backward = (np.asarray(data[f"{way}_histogram"].values[row]) for way in ("forward", "backward"))
        low, high = (float(data[f"histogram_{end}"].values[row]) for end in ("low", "high"))
        if (forward < 0).any() or not (math.isfinite(low) and high > low):
            continue
        slope = tuple(float(data[name].values[row]) for name in ("detailed_slope", "detailed_slope_error"))
        edges = np.linspace(low, high, len(forward) + 1)
        found.append(Jump(int(data["previous_step"].values[row]), step, edges, forward, backward, (slope[0], slope[1])))
    return tuple(found)
