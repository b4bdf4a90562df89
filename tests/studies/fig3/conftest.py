"""Records of Figure 3 that nobody trained, noise as a test wants it; and the transcription beside the tests."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import szilard
from szilard.records.writer import RecordWriter
from szilard.studies.fig3.schema import fig3_groups

sys.path.insert(0, str(Path(__file__).parent))  # of the transcription

Make = Callable[..., szilard.Run]
BATCHES, MEMBERS, WATCHED, LAGS = (1, 10, 100), 12, 2, (0, 1, 2, 3, 4)
SIZES = (1200, 1000, 200)


def on_paper(path: Path, **wanted: Any) -> szilard.Run:
    """Noise that is stationary, white and of one temperature, unless wanted otherwise.

    Args:
        path: of the record.
        wanted: ``growth``: how many times larger c is at the end; ``rho``: autocorrelation at lag 1; ``heat``: how many
            times hotter the last layer is; ``extra``: how many times more noise |b| = 100 has than 1/|b| says;
            ``spread``: of the accuracy over members; ``force``: root mean square of the force over that of the noise;
            ``move``: of the parameters over the spread of their start; ``lie``: fresh noise over the whole one;
            ``lost``: members that diverge half way at |b| = 1; attributes of the root.
    """
    usual = {"growth": 1.0, "rho": 0.0, "heat": 1.0, "extra": 1.0, "spread": 0.01, "force": 0.1, "move": 0.2,
             "lie": 1.0, "lost": 0}  # fmt: skip
    chosen = {name: wanted.pop(name, value) for name, value in usual.items()}
    rng = np.random.default_rng(1)
    steps = [0, 1, 3, 10, *range(25, 1001, 25)]
    attributes = {
        "name": "fig3", "kind_of_run": "fig3", "batches": list(BATCHES), "trials": [MEMBERS] * 3, "examples": 6000,
        "epoch": [6000, 600, 60], "shuffle": "replacement", "diverged": [],
        "groups": {"names": ["all", "layer 1 (9 → 100)", "layer 2 (100 → 2)"], "sizes": list(SIZES)},
        "optimizer": {"class": "SGD", "lr": 0.01}, "model": {"class": "nets:mlp", "parameters": SIZES[0]},
    }  # fmt: skip
    groups = fig3_groups(BATCHES, members=MEMBERS, groups=3, watched=WATCHED, parameters=(3, 7), lags=LAGS)
    writer = RecordWriter(path, groups=groups, attributes={**attributes, **wanted})
    scale = np.array([1.0, 0.1, 0.01 * chosen["extra"]])
    for place, step in enumerate(steps):
        writer.append("fig3", step, _row(step, steps[place - 1] if place else step, scale, chosen, rng))
    for step in range(0, 1001, 50):
        way = chosen["move"] * 0.1 * (step / 1000) * np.random.default_rng(2).choice([-1, 1], (3, MEMBERS, 2))
        start = np.broadcast_to(np.random.default_rng(3).normal(0, 0.1, (MEMBERS, 2)), (3, MEMBERS, 2))
        writer.append("paths", step, {"theta": start + way})
    for start in (100, 500, 900):
        shape = np.where(np.arange(len(LAGS)) == 0, 1.0, np.where(np.arange(len(LAGS)) == 1, chosen["rho"], 0.0))
        noise = 1e-3 * scale[:, None, None, None] * (shape + 0.01 * rng.normal(size=(3, MEMBERS, 3, len(LAGS))))
        writer.append("correlation", start, {"noise_covariance": noise})
    writer.close()
    return szilard.open(path)


def _row(step: int, before: int, scale: np.ndarray, chosen: dict[str, float], rng: np.random.Generator) -> dict:
    heat = np.array([0.0, 1.0, chosen["heat"]])
    heat[0] = (SIZES[1] * heat[1] + SIZES[2] * heat[2]) / SIZES[0]
    level = 1e-3 * chosen["growth"] ** (step / 1000) * scale[:, None, None] * heat
    full = level * np.exp(0.02 * rng.normal(size=(3, MEMBERS, 3)))
    force = chosen["force"] ** 2 * level[:1] * np.exp(0.02 * rng.normal(size=(3, MEMBERS, 3)))
    row = {
        "interval": step - before,
        "accuracy": 0.9 + chosen["spread"] * np.resize([-1.0, 1.0], (3, MEMBERS)),
        "potential": np.full((3, MEMBERS), 0.3),
        "noise_variance": chosen["lie"] * full * np.exp(0.02 * rng.normal(size=full.shape)),
        "signal_variance": force,
        "potential_full": np.full((3, WATCHED), 0.3),
        "noise_variance_full": full[:, :WATCHED],
        "signal_variance_full": force[:, :WATCHED],
        "max_force": 20 * np.sqrt(force[:, :WATCHED]),
        "finite": np.ones((3, MEMBERS), dtype=int),
    }
    if chosen["lost"] and step >= 500:
        for name in ("accuracy", "noise_variance", "signal_variance", "potential"):
            row[name][0, -int(chosen["lost"]) :] = np.nan
        row["finite"][0, -int(chosen["lost"]) :] = 0
    return row


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """See :func:`on_paper`."""
    made = iter(range(100))
    return lambda **wanted: on_paper(tmp_path / f"run-{next(made)}", **wanted)
