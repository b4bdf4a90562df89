"""The paths of one network and replicate: trained to each start, then forward and backward at every rate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from szilard.errors import ModelError
from szilard.models.landscape import Batch, Landscape
from szilard.models.linearisation import squared
from szilard.reservoir.reversal import Retraced, forward_path, nearest_return, retrace
from szilard.studies.reversal.engine.laziness import LazinessObserver, Looks
from szilard.studies.reversal.engine.replicate import Build, Replicate
from szilard.studies.reversal.spec import Reversal
from szilard.training.training import Loss

COMPARED = 8
"""Batches at which the gradient is compared with itself at θ*."""
REACHED = 256
"""Examples among which a forward step back is looked for; the training set, where that is smaller."""
SLICE = 2**25
"""Numbers of single examples' gradients that are held at a time."""

Tick = Callable[[], None]
"""Called when another part of the work is done."""


@dataclass(frozen=True, slots=True)
class Paths:
    """What came of one network and replicate; arrays begin with the start.

    Attributes:
        groups: names of the layers; in the arrays all parameters stand before them.
        distance, displacement, defect: see :class:`Retraced`, shape (starts, steps + 1, rates, groups); the first
            defect is NaN, since no step was taken.
        curvature: ‖H g‖ along the path at the smallest rate, shape (starts, steps + 1, groups).
        distance_single: of all parameters in float32 arithmetic, shape (starts, steps + 1, rates).
        nearest: see :func:`nearest_return`, shape (starts,).
        looks: of each start, laziness at each look.
    """

    groups: tuple[str, ...]
    distance: np.ndarray
    displacement: np.ndarray
    defect: np.ndarray
    curvature: np.ndarray
    distance_single: np.ndarray
    nearest: np.ndarray
    looks: list[list[Looks]]


def parts_of(spec: Reversal) -> int:
    """How often :func:`measure_paths` ticks for one network and replicate."""
    return len(spec.starts) * (1 + len(spec.looks_at))


def measure_paths(
    spec: Reversal, build: Build, replicate: Replicate, loss: Loss, tick: Tick, *, reached: int = REACHED
) -> Paths:
    """Trains to each start and does there what is to be done; ``reached``: examples among which the nearest is sought.

    Raises:
        ModelError: if the network's steps could not be repeated, or the training diverges.
    """
    landscape = replicate.landscape(build, loss)
    single = replicate.landscape(build, loss, torch.float32)
    layers = landscape.groups()
    groups = [(slice(None),), *layers.values()]
    rates = torch.tensor(spec.rates, dtype=torch.float64).unsqueeze(-1)
    runs, curvature, floors, nearest, looks = [], [], [], [], []
    for number, theta in enumerate(_trained(spec, landscape, replicate)):
        inputs = replicate.first_batches(f"of path {number}", spec.steps)
        side_by_side = theta.expand(len(rates), -1)
        runs.append(retrace(landscape.gradient, side_by_side, inputs, rates, groups))
        floors.append(retrace(single.gradient, side_by_side.float(), inputs, rates.float()).distance[..., 0])
        curvature.append(_curvature(landscape, theta, inputs, spec.rates[-1], groups))
        nearest.append(_nearest(spec, landscape, theta, replicate, reached))
        tick()
        looks.append(list(_looks(spec, landscape, theta, replicate, number, tick)))
    return Paths(
        groups=tuple(layers),
        distance=_far(np.array([run.distance for run in runs])),
        displacement=_far(np.array([run.displacement for run in runs])),
        defect=np.array([_shifted(run) for run in runs]),
        curvature=np.array(curvature),
        distance_single=_far(np.array(floors)),
        nearest=np.array(nearest),
        looks=looks,
    )


def _trained(spec: Reversal, landscape: Landscape, replicate: Replicate) -> Iterator[Tensor]:
    """θ at each start."""
    theta, batches, done = landscape.start, replicate.batches("of the training"), 0
    for start in spec.starts:
        for _ in range(start - done):
            theta = theta - spec.lr * landscape.gradient(theta, next(batches))
        done = start
        _check(theta, spec.lr, f"by step {start}")
        yield theta


def _looks(
    spec: Reversal, landscape: Landscape, star: Tensor, replicate: Replicate, number: int, tick: Tick
) -> Iterator[Looks]:
    """Laziness at each look, on a training that goes on from θ*."""
    layers = landscape.groups()
    compared = replicate.first_batches(f"compared {number}", COMPARED)
    observer = LazinessObserver(landscape, star, replicate.probe, replicate.kernel_inputs, compared, layers)
    theta, batches, done = star, replicate.batches(f"of path {number}"), 0
    for look in spec.looks_at:
        for _ in range(look - done):
            theta = theta - spec.lr * landscape.gradient(theta, next(batches))
        done = look
        _check(theta, spec.lr, f"{look} steps from a start")
        yield observer.look(theta)
        tick()


def _curvature(
    landscape: Landscape, theta: Tensor, inputs: list[Batch], rate: float, groups: list[tuple[slice, ...]]
) -> np.ndarray:
    """‖H g‖ of each step, last step first, beside the distance after as many steps back."""
    path = forward_path(landscape.gradient, theta, inputs, rate)
    rows = [np.full(len(groups), np.nan)]
    for point, batch in zip(path[-2::-1], inputs[::-1], strict=True):
        product = landscape.curvature(point, batch, landscape.gradient(point, batch))
        rows.append(np.array([float(squared(product, places)) ** 0.5 for places in groups]))
    return np.array(rows)


def _nearest(spec: Reversal, landscape: Landscape, theta: Tensor, replicate: Replicate, reached: int) -> float:
    """How near a step with one of the examples comes to undoing one with another, in steps (:func:`nearest_return`)."""
    examples = list(replicate.examples(reached))
    gradient = landscape.gradient(theta, examples[0])
    ahead = theta - spec.lr * gradient
    size = max(1, SLICE // len(theta))
    found = []
    for first in range(0, len(examples), size):
        inputs, labels = zip(*examples[first : first + size], strict=True)
        found.append(nearest_return(landscape.gradients(ahead, (torch.cat(inputs), torch.cat(labels))), gradient))
    return min(found)


def _check(theta: Tensor, rate: float, when: str) -> None:
    """Refuses a training that does not even go forward."""
    if not bool(torch.isfinite(theta).all()):
        raise ModelError(f"the training itself diverged {when} at lr = {rate:g}: lower it.")


def _shifted(run: Retraced) -> np.ndarray:
    """The defects beside the distances that they are part of; undefined before the first step and after an overflow."""
    defects = np.where(np.isfinite(run.defect), run.defect, np.nan)
    return np.concatenate([np.full_like(defects[:1], np.nan), defects])


def _far(distances: np.ndarray) -> np.ndarray:
    """What overflowed is infinitely far."""
    return np.where(np.isfinite(distances), distances, np.inf)
