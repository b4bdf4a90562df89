"""Small trainings under a monitor, with everything that the record should hold kept beside them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import szilard
from szilard import Classifier, Ledger, Monitor, Outcomes

Kept = list[list[list[list[float]]]]
"""Logits by record, input, head and label."""


@dataclass
class Watched:
    """A run with what it should have recorded."""

    run: szilard.Run
    logits: Kept
    steps: list[int]
    multiples: tuple[int, ...]
    losses: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    labels: list[list[int]] | None = None


class Heads(nn.Module):
    """A net with several labels per input."""

    def __init__(self, features: int, heads: int, outcomes: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(features, 9), nn.Tanh(), nn.Dropout(0.3), nn.Linear(9, heads * outcomes))
        self.shape = (heads, outcomes)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x).unflatten(-1, self.shape)


def kept(logits: Tensor) -> list[list[list[float]]]:
    """A record's logits in float64."""
    return logits.detach().double().reshape(logits.shape[0], -1, logits.shape[-1]).tolist()


def watch_classifier(
    out: Path, *, steps: int, every: int, inputs: int = 11, heads: int = 2, outcomes: int = 4, labelled: bool = True,
    dtype: torch.dtype = torch.float32, chunk: int | None = None, multiples: tuple[int, ...] = (1, 2, 3, 5),
) -> Watched:  # fmt: skip
    """A small net trained on random labels by momentum and a falling rate, with dropout."""
    torch.manual_seed(3)
    model = Heads(6, heads, outcomes).to(dtype)
    probe = torch.randn(inputs, 6, dtype=dtype)
    truth = torch.randint(outcomes, (inputs, heads))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.4, momentum=0.5)
    rate = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.97)
    ppm = Classifier(model, probe, labels=truth if labelled else None, chunk=chunk)
    ledger = Ledger(every=every, path_intervals=multiples)
    monitor = Monitor(ppm, optimizer, out, measures=[ledger], quiet=True)
    labels = truth.tolist() if labelled else None
    watched = Watched(None, [], [], multiples, labels=labels)  # type: ignore[arg-type]

    def keep(step: int) -> None:
        model.eval()
        watched.logits.append(kept(model(probe)))
        model.train()
        watched.steps.append(step)
        watched.rates.append(used)

    used = optimizer.param_groups[0]["lr"]
    keep(0)
    for step in range(1, steps + 1):
        x, y = torch.randn(16, 6, dtype=dtype), torch.randint(outcomes, (16 * heads,))
        loss = F.cross_entropy(model(x).flatten(0, 1), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        used = optimizer.param_groups[0]["lr"]
        rate.step()
        watched.losses.append(float(loss.detach()))
        monitor.step(loss)
        if step % every == 0 or step == steps:
            keep(step)
    watched.run = monitor.close()
    return watched


class Table(nn.Module):
    """Minus the energy of spin states: fields and couplings."""

    def __init__(self, spins: int) -> None:
        super().__init__()
        self.field = nn.Parameter(torch.randn(spins))
        self.coupling = nn.Parameter(torch.randn(spins, spins))

    def forward(self, states: Tensor | None = None) -> Tensor:
        if states is None:
            return torch.cat([self.field, self.coupling.flatten()])
        return states @ self.field + (states @ self.coupling * states).sum(-1)


def watch_outcomes(out: Path, *, table: bool, steps: int = 14) -> Watched:
    """Random updates of an enumerated distribution."""
    torch.manual_seed(4)
    model = Table(4)
    states = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=4))) if table else None
    multiples = (1, 4)
    monitor = Monitor(Outcomes(model, states, chunk=5), None, out, every=1, path_intervals=multiples, quiet=True)
    watched = Watched(None, [], [], multiples)  # type: ignore[arg-type]
    for step in range(steps + 1):
        if step:
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter += 0.2 * torch.randn_like(parameter)
            monitor.step()
        with torch.no_grad():
            logits = model() if states is None else torch.cat([model(part) for part in states.split(5)])
            watched.logits.append(kept(logits.reshape(1, -1)))
        watched.steps.append(step)
    watched.run = monitor.close()
    return watched


@pytest.fixture
def watch(tmp_path: Path) -> Callable[..., Watched]:
    """Trains and watches a classifier; each call takes a directory of its own."""
    numbers = itertools.count()
    return lambda **settings: watch_classifier(tmp_path / f"classifier{next(numbers)}", **settings)


@pytest.fixture
def watch_table(tmp_path: Path) -> Callable[..., Watched]:
    """Moves and watches a table of outcomes."""
    numbers = itertools.count()
    return lambda **settings: watch_outcomes(tmp_path / f"table{next(numbers)}", **settings)
