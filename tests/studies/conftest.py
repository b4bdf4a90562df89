"""Records made by a monitor on a small network: one that learns the digits, one that is fed noise."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
import xarray as xr

import szilard
from szilard.data import Dataset


def train(
    digits: Dataset, out: Path, *, steps: int = 600, noise: bool = False, bare: bool = False, name: str = "digits"
) -> szilard.Run:
    """A watched training; ``noise`` replaces the gradients, ``bare`` gives neither labels nor loss."""
    x, y = digits.split("train")
    probe, labels = digits.split("test")
    x, probe = x.flatten(1), probe.flatten(1)
    generator = torch.Generator().manual_seed(0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(64, 50), torch.nn.ReLU(), torch.nn.Linear(50, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0005 if noise else 0.05)
    ppm = szilard.Classifier(model, probe[:128], None if bare else labels[:128])
    # Noise is told from drift most surely where jumps are many.
    watched = szilard.Monitor(
        ppm, optimizer, out=out, every=1, quiet=True, attributes={"name": name},
        path_intervals=(1, 2, 4) if noise else (1, 2, 4, 8, 16, 32),
    )  # fmt: skip
    with watched as monitor:
        for _ in range(steps):
            index = torch.randint(len(x), (200,), generator=generator)
            loss = F.cross_entropy(model(x[index]), y[index])
            optimizer.zero_grad()
            loss.backward()
            if noise:
                for parameter in model.parameters():
                    parameter.grad = torch.randn(parameter.shape, generator=generator)
            optimizer.step()
            monitor.step(None if bare else loss)
    return szilard.open(out)


def train_hot(digits: Dataset, out: Path, *, groups: str = "layer", steps: int = 300) -> szilard.Run:
    """A watched training with a burst every ten steps."""
    x, y = digits.split("train")
    x = x.flatten(1)
    generator = torch.Generator().manual_seed(0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = torch.nn.Sequential(
            torch.nn.Linear(64, 16), torch.nn.ReLU(), torch.nn.Linear(16, 16), torch.nn.ReLU(), torch.nn.Linear(16, 10)
        )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    ppm = szilard.Classifier(model, x[:64], y[:64])
    bursts = szilard.Reservoir(
        F.cross_entropy, (x, y), every=10, lags=(1, 2, 3), batch_size=32, groups=groups, replacement=True,
        diffusion_work=True,
    )  # fmt: skip
    measures = [szilard.Ledger(every=2), bursts]
    with szilard.Monitor(ppm, optimizer, out=out, quiet=True, measures=measures) as monitor:
        for _ in range(steps):
            index = torch.randint(len(x), (32,), generator=generator)
            loss = F.cross_entropy(model(x[index]), y[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            monitor.step(loss)
    return szilard.open(out)


@pytest.fixture(scope="session")
def run(digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> szilard.Run:
    """A run that learns."""
    return train(digits, tmp_path_factory.mktemp("learning") / "run")


@pytest.fixture(scope="session")
def noisy(digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> szilard.Run:
    """A run on gradients of pure noise."""
    return train(digits, tmp_path_factory.mktemp("noise") / "run", noise=True)


@pytest.fixture(scope="session")
def bare(digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> szilard.Run:
    """A short run without labels or loss."""
    return train(digits, tmp_path_factory.mktemp("bare") / "run", bare=True, steps=40)


@pytest.fixture
def hostile(run: szilard.Run, hostile_text: str) -> xr.DataTree:
    """The learning run's record with hostile text wherever a record holds text."""
    tree = run.tree.copy()

    def poison(value: object) -> object:
        if isinstance(value, dict):
            return {f"{key}{hostile_text}" if key == "platform" else key: poison(item) for key, item in value.items()}
        return hostile_text if isinstance(value, str) else value

    tree.attrs = {key: poison(value) for key, value in copy.deepcopy(dict(run.tree.attrs)).items()}
    tree.attrs |= {"status": "broken", "broken_because": hostile_text, "broken_at_step": hostile_text}
    tree.attrs[hostile_text] = hostile_text
    return tree


@pytest.fixture
def retold(run: szilard.Run) -> Callable[..., xr.DataTree]:
    """The learning run's record with other attributes and, where wanted, fewer columns, groups or rows."""

    def make(*, rows: int | None = None, groups: tuple[str, ...] = ("ledger", "samples"), drop: tuple[str, ...] = (),
             **attributes: object) -> xr.DataTree:  # fmt: skip
        nodes = {}
        for group in groups:
            data = run.tree[group].to_dataset(inherit=False)
            nodes[group] = data.drop_vars([name for name in drop if name in data]).isel(step=slice(0, rows))
        tree = xr.DataTree.from_dict(nodes)
        tree.attrs = {**run.tree.attrs, **attributes}
        return tree

    return make


@pytest.fixture(scope="session")
def heated() -> Callable[..., szilard.Run]:
    """The maker of runs whose reservoir is watched."""
    return train_hot


@pytest.fixture(scope="session")
def hot(digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> szilard.Run:
    """A run whose parameters were watched as a heat reservoir."""
    return train_hot(digits, tmp_path_factory.mktemp("hot") / "run")
