"""Section of docs/sizes.md: stationary parameters, by the identity of displacements."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import numpy as np

from szilard import reservoir

INTRODUCTION = """\
## Stationary parameters

`reservoir.displacement_balance(…).p_value` at 5 % on quadratics of 30 directions, epochs of 10 batches, ‖θ‖² once an
epoch for 100 epochs after 100 others ({replicates} runs). *Size* with r h M = 1 and .3. *Power*, a hundred epochs from
the start on (100 runs) with r h M = .1: begun at the minimum, where θ spreads, and at ten times the stationary width of
SGD, where it narrows; and *slow*, r h M = .001 from the minimum on, of which a hundred epochs see too little. It is
‖θ‖² alone that is looked at: what it cannot tell from its own slow fluctuations is not called a drift.
"""
KINDS = ("SGD", "momentum", "Nesterov", "Adam", "AdamW")
BATCHES, DIRECTIONS, EPOCHS, REPLICATES, FEW = 10, 30, 100, 600, 100


def step(kind: str, theta: np.ndarray, gradient: np.ndarray, state: list[np.ndarray], rate: float) -> np.ndarray:
    """θ after one step; the state changes in place. Decay .1 for AdamW, momentum .9, β = .9, .99."""
    first, second = state
    if kind == "SGD":
        return theta - rate * gradient
    first *= 0.9
    if kind in ("momentum", "Nesterov"):
        first += gradient
        return theta - 0.1 * rate * (gradient + 0.9 * first if kind == "Nesterov" else first)
    first += 0.1 * gradient
    second *= 0.99
    second += 0.01 * np.square(gradient)
    if kind == "AdamW":
        theta = theta * (1 - 0.1 * rate)
    return theta - rate * first / (np.sqrt(second) + 1e-8)


def squares(
    kind: str, *, shuffled: bool, pull: float, burn: int, start: float, replicates: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """‖θ‖² at the ends of epochs and ⟨‖Δθ‖²⟩ of one, for a rate of .1 and a curvature of ``pull``."""
    generator = np.random.default_rng(seed)
    data = generator.normal(size=(replicates, BATCHES, DIRECTIONS))
    data -= data.mean(1, keepdims=True)
    width = np.sqrt(0.1 / (2 * pull)) if start else 0.0
    theta = start * width * generator.normal(size=(replicates, DIRECTIONS))
    state = [np.zeros_like(theta), np.ones_like(theta)]
    seen, moved, rows = [], [], np.arange(replicates)
    for epoch in range(burn + EPOCHS):
        before = theta
        order = generator.random((replicates, BATCHES)).argsort(1)
        if not shuffled:
            order = generator.integers(BATCHES, size=(replicates, BATCHES))
        for batch in order.T:
            theta = step(kind, theta, pull * theta - data[rows, batch], state, 0.1)
        if epoch >= burn:
            seen.append(np.square(theta).sum(1))
            moved.append(np.square(theta - before).sum(1))
    return np.array(seen), np.mean(moved, 0)


def rejected(kind: str, **options: object) -> float:
    """The share of runs that are called not stationary."""
    found = squares(kind, **options)  # type: ignore[arg-type]
    chances = [
        reservoir.displacement_balance(path, moved).p_value for path, moved in zip(found[0].T, found[1], strict=True)
    ]
    return float(np.mean(np.array(chances) < 0.05))


def section(cells: Callable[[str, Callable[[], object]], object]) -> Iterator[str]:
    """Lines of the page."""
    yield INTRODUCTION.format(replicates=REPLICATES)
    yield "| optimiser | order | size, r h M = 1 | .3 | begun at the minimum | at ten times the width | slow |"
    yield "|---|---|---|---|---|---|---|"
    columns = (
        {"pull": 1.0, "burn": 100, "start": 1.0, "replicates": REPLICATES, "seed": 1},
        {"pull": 0.3, "burn": 100, "start": 1.0, "replicates": REPLICATES, "seed": 2},
        {"pull": 0.1, "burn": 0, "start": 0.0, "replicates": FEW, "seed": 3},
        {"pull": 0.1, "burn": 0, "start": 10.0, "replicates": FEW, "seed": 4},
        {"pull": 1e-3, "burn": 0, "start": 0.0, "replicates": FEW, "seed": 5},
    )
    for kind in KINDS:
        for shuffled in (False, True):
            row = []
            for place, options in enumerate(columns):
                measure = functools.partial(rejected, kind, shuffled=shuffled, **options)
                row.append(f"{cells(f'stationary {kind} {shuffled} {place}', measure):.3f}")
            yield f"| {kind} | {'shuffled' if shuffled else 'replacement'} | {' | '.join(row)} |"
    yield ""
