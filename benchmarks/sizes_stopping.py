"""Section of docs/sizes.md: stopping points of ensembles in which nothing changes, and of some that turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from szilard.information import label_free_stop

INTRODUCTION = """\
## Stopping points

`label_free_stop(…).resolved` for ensembles of softmax-linear members (30 inputs, three labels; θ of a member the sum of
its dataset's and a stationary AR(1) of its own), {replicates} a cell. *Size*: nothing changes along the records, of
these ensembles, of such with surer seeds, and of curves that are independent normal numbers for each dataset.
*Power*: in the second half all θ grow by the share that is given, so that members grow surer of what they do not agree
about; beside it the rise from the first to the last record over its paired error (median).
"""
DESIGNS = ((3, 3, 20, 0.5), (6, 3, 12, 0.0), (6, 3, 12, 0.9), (6, 3, 40, 0.9), (12, 3, 40, 0.9), (24, 2, 20, 0.9))
REPLICATES = 400


def curves(
    datasets: int, seeds: int, records: int, memory: float, seed: int, *, growth: float = 0.0, strength: float = 0.7
) -> tuple[np.ndarray, np.ndarray]:
    """``cross_entropy_between`` along the records, and with each dataset left out."""
    generator = np.random.default_rng(seed)
    directions = generator.normal(size=(30, 3)) / np.sqrt(3)
    base, label = 0.5 * generator.normal(size=(30, 3)), np.linspace(-1, 1, 3)
    own, luck = 0.5 * generator.normal(size=(datasets, 1, 3)), generator.normal(size=(datasets, seeds, 3))
    curve, deleted = np.empty(records), np.empty((records, datasets))
    for t in range(records):
        luck = memory * luck + np.sqrt(1 - memory**2) * generator.normal(size=luck.shape)
        scale = 1 + growth * max(0.0, 2 * t / (records - 1) - 1)
        theta = (scale * (own + strength * luck)).reshape(-1, 3)
        logits = base + (theta @ directions.T)[..., None] * label
        logits -= np.log(np.exp(logits).sum(-1, keepdims=True))
        cross = -np.einsum("auc,buc->ab", np.exp(logits), logits) / 30
        between = cross.reshape(datasets, seeds, datasets, seeds).mean((1, 3))
        np.fill_diagonal(between, 0)
        total, pairs = between.sum(), datasets * (datasets - 1)
        curve[t] = total / pairs
        deleted[t] = (total - between.sum(0) - between.sum(1)) / ((datasets - 1) * (datasets - 2))
    return curve, deleted


def shares(design: tuple[int, int, int, float], first: int, replicates: int, **options: float) -> list[float]:
    """How often a stop is resolved, and the median rise from first to last record over its error."""
    resolved, rises = [], []
    for seed in range(first, first + replicates):
        curve, deleted = curves(*design, seed, **options)
        resolved.append(label_free_stop(range(len(curve)), curve, deleted=deleted).resolved)
        change = deleted[-1] - deleted[0]
        error = np.sqrt((len(change) - 1) * change.var())
        rises.append((curve[-1] - curve[0]) / error)
    return [float(np.mean(resolved)), float(np.median(rises))]


def normal(design: tuple[int, int, int, float]) -> float:
    """How often a stop is resolved of curves that are independent normal numbers for each dataset."""
    datasets, _, records, memory = design
    generator, resolved = np.random.default_rng(7), []
    for _ in range(4 * REPLICATES):
        noise = generator.normal(size=(records, datasets))
        for t in range(1, records):
            noise[t] = memory * noise[t - 1] + np.sqrt(1 - memory**2) * noise[t]
        mean = noise.mean(1)
        deleted = (datasets * mean[:, None] - noise) / (datasets - 1)
        resolved.append(label_free_stop(range(records), mean, deleted=deleted).resolved)
    return float(np.mean(resolved))


def section(cells: Callable[[str, Callable[[], object]], object]) -> Iterator[str]:
    """Lines of the page."""
    yield INTRODUCTION.format(replicates=REPLICATES)
    yield "| datasets × seeds, records, memory | size | sure seeds | normal | power, + 50 % | + 100 % | + 300 % |"
    yield "|---|---|---|---|---|---|---|"
    for design in DESIGNS:
        name = f"{design[0]} × {design[1]}, {design[2]}, {design[3]:g}"
        row = []
        for strength in (0.7, 3.0):
            seen = cells(
                f"stopping {name} {strength}", lambda d=design, s=strength: shares(d, 0, REPLICATES, strength=s)
            )
            row.append(f"{seen[0]:.3f}")
        row.append(f"{cells(f'stopping {name} normal', lambda d=design: normal(d)):.3f}")
        for growth in (0.5, 1.0, 3.0):
            seen = cells(f"stopping {name} + {growth}", lambda d=design, g=growth: shares(d, 5_000, 60, growth=g))
            row.append(f"{seen[0]:.2f} ({seen[1]:.1f} errors)")
        yield f"| {name} | {' | '.join(row)} |"
    yield ""
