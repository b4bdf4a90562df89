"""Small records made without monitor or files: probe logits along a training, turned into columns by the ledger."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
import xarray as xr
from torch import Tensor

from szilard import ledger

INTERVALS = (1, 2, 4, 8, 16, 32)
PROBE = 64


def summarise(per_input: Tensor) -> tuple[float, float]:
    estimate = ledger.over_inputs(per_input)
    return float(estimate.value), float(estimate.error)


def ledger_columns(phis: Tensor, intervals: tuple[int, ...] = INTERVALS) -> xr.Dataset:
    """The ledger of ``phis`` (steps + 1, inputs, outcomes), one record a step."""
    steps, inputs = len(phis) - 1, phis.shape[1]
    sums = {name: torch.zeros(inputs, dtype=torch.float64) for name in ("work", "heat", "work_reverse", "length_mean")}
    rows: dict[str, list[float]] = {}
    length = rms = floor = 0.0
    series = torch.zeros(steps + 1, len(intervals), dtype=torch.float64)
    covered = np.zeros((steps + 1, len(intervals)), dtype=np.int64)
    for t in range(steps + 1):
        old, new = phis[max(t - 1, 0)], phis[t]
        h = ledger.hellinger_per_input(old, new)
        sums["work"] = sums["work"] + ledger.work_per_input(old, new)
        sums["heat"] = sums["heat"] + ledger.heat_per_input(old, new)
        sums["work_reverse"] = sums["work_reverse"] + ledger.work_per_input(new, old)
        sums["length_mean"] = sums["length_mean"] + ledger.angle_of(h)
        length += float(ledger.angle_of(h.mean()))
        rms += float(ledger.angle_of(h).square().mean().sqrt())
        entropy = ledger.entropy_per_input(new)
        floor += float(ledger.spurious_work(-new, torch.finfo(torch.float32).eps).mean())
        per_input = {
            **sums,
            "energy": ledger.energy_per_input(new),
            "entropy_conditional": entropy,
            "entropy_change": entropy - ledger.entropy_per_input(phis[0]),
            "ep_conditional": -sums["heat"] + entropy - ledger.entropy_per_input(phis[0]),
            "work_direct": ledger.work_per_input(phis[0], new),
            "fluctuation": ledger.fluctuation_per_input(old, new),
        }
        for name, values in per_input.items():
            value, error = summarise(values)
            rows.setdefault(name, []).append(value)
            rows.setdefault(f"{name}_error", []).append(error)
        direct = float(ledger.angle_of(ledger.hellinger_per_input(phis[0], new).mean()))
        for name, value in (
            ("length", length),
            ("length_rms", rms),
            ("length_direct", direct),
            ("precision_floor", floor),
        ):
            rows.setdefault(name, []).append(value)
        for j, c in enumerate(intervals):
            series[t, j] = series[max(t - 1, 0), j]
            covered[t, j] = covered[max(t - 1, 0), j]
            if t and t % c == 0:
                series[t, j] += ledger.work_per_input(phis[t - c], new).mean()
                covered[t, j] = t
    data = xr.Dataset({name: ("step", values) for name, values in rows.items()}, {"step": np.arange(steps + 1)})
    data["interval"] = ("step", np.r_[0, np.ones(steps, dtype=np.int64)])
    data = data.assign_coords(path_interval=np.array(intervals, dtype=float))
    data["work_by_interval"] = (("step", "path_interval"), series.numpy())
    data["steps_by_interval"] = (("step", "path_interval"), covered)
    data["jumps_by_interval"] = (("step", "path_interval"), covered // np.array(intervals))
    return data


def sample_columns(phis: Tensor, rows: int, labels: int, seed: int = 7, *, stale: int = 0) -> xr.Dataset:
    """The sampled route beside it; ``stale`` draws the labels of step t from step t − stale instead."""
    generator = torch.Generator().manual_seed(seed)
    steps, inputs = len(phis) - 1, phis.shape[1]

    def draw(t: int) -> Tensor:
        return torch.multinomial(torch.exp(-phis[max(t - stale, 0)]), labels, replacement=True, generator=generator)

    x = draw(0)
    paths = ledger.Pathwise.start(phis[0].gather(-1, x))
    work, heat = torch.zeros(inputs, dtype=torch.float64), torch.zeros(inputs, dtype=torch.float64)
    columns: dict[str, list[float]] = {}
    excess: list[Tensor] = []
    kept = set(np.linspace(0, steps, rows + 1).round().astype(int).tolist())
    for t in range(steps + 1):
        if t:
            excess.append(torch.exp(phis[t - 1].gather(-1, x) - phis[t].gather(-1, x)))
            work = work + ledger.work_per_input(phis[t - 1], phis[t])
            heat = heat + ledger.heat_per_input(phis[t - 1], phis[t])
            fresh = draw(t)
            paths = paths.advance(phis[t].gather(-1, x), phis[t].gather(-1, fresh))
            x = fresh
        if t not in kept:
            continue
        exact = {"work": work, "heat": heat, "entropy": ledger.entropy_per_input(phis[t])}
        for name, truth in exact.items():
            values = getattr(paths, name).mean(-1)
            for column, per_input in ((f"{name}_sampled", values), (f"{name}_discrepancy", values - truth)):
                value, error = summarise(per_input)
                columns.setdefault(column, []).append(value)
                columns.setdefault(f"{column}_error", []).append(error)
        value, error = summarise(torch.stack(excess).mean(0).mean(-1)) if excess else (1.0, 0.0)
        columns.setdefault("fluctuation_sampled", []).append(value)
        columns.setdefault("fluctuation_sampled_error", []).append(error)
        excess = []
    return xr.Dataset({name: ("step", values) for name, values in columns.items()}, {"step": sorted(kept)})


def record(
    phis: Tensor, *, rows: int = 25, labels: int = 8, optimizer: dict | None = None, **options: int
) -> xr.DataTree:
    """A whole record, complete and well."""
    tree = xr.DataTree.from_dict(
        {"ledger": ledger_columns(phis), "samples": sample_columns(phis, rows, labels, **options)}
    )
    tree.attrs = {
        "name": "synthetic",
        "status": "complete",
        "probe": {"inputs": phis.shape[1], "heads": 1, "outcomes": phis.shape[-1], "labelled": False},
        "optimizer": optimizer or {"class": "SGD", "lr": 0.1, "momentum": 0.0},
        "forward_precision": "float32",
        "forward_flagged": False,
        "samples_per_input": labels,
    }
    return tree


def train(
    steps: int,
    make: Callable[[list[Tensor]], torch.optim.Optimizer],
    *,
    noise: bool,
    features: int = 20,
    classes: int = 5,
    seed: int = 0,
) -> Tensor:
    """φ on the probe along the training of a linear softmax classifier: on real gradients, or on pure noise."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    centres = 1.5 * normal(classes, features) / math.sqrt(features / 4)
    probe = normal(PROBE, features)
    weight = (0.3 * normal(classes, features)).requires_grad_()
    optimizer = make([weight])
    phis = [-torch.log_softmax(probe @ weight.detach().T, -1)]
    for _ in range(steps):
        if noise:
            weight.grad = normal(classes, features)
        else:
            labels = torch.randint(classes, (32,), generator=generator)
            loss = torch.nn.functional.cross_entropy((centres[labels] + normal(32, features)) @ weight.T, labels)
            optimizer.zero_grad()
            loss.backward()
        optimizer.step()
        phis.append(-torch.log_softmax(probe @ weight.detach().T, -1))
    return torch.stack(phis)


@pytest.fixture(scope="session")
def learning() -> Tensor:
    """A run that learns."""
    return train(600, lambda parameters: torch.optim.SGD(parameters, lr=0.05), noise=False)


@pytest.fixture(scope="session")
def noise() -> Tensor:
    """Pure-noise SGD."""
    return train(1600, lambda parameters: torch.optim.SGD(parameters, lr=0.001), noise=True)


@pytest.fixture(scope="session")
def learned(learning: Tensor) -> xr.DataTree:
    return record(learning)


@pytest.fixture
def builders() -> dict[str, Callable]:
    """The makers above, for tests that need records of another make."""
    return {"record": record, "train": train}
