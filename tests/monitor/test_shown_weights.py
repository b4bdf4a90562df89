"""Schedule-free optimisers keep two sets of weights: a record sees the one that was asked for, and moves neither."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import szilard
from szilard.errors import SpecError

INPUTS = torch.linspace(-1, 1, 32).reshape(8, 4)
LABELS = torch.arange(8) % 3


class ScheduleFree(torch.optim.Optimizer):
    """SGD as schedule-free libraries write it: y in the parameters in training, x after ``eval()``."""

    def __init__(self, parameters: Any, lr: float = 0.5, momentum: float = 0.9, warmup_steps: int = 4) -> None:
        defaults = {"lr": lr, "momentum": momentum, "warmup_steps": warmup_steps, "k": 0}
        super().__init__(parameters, defaults | {"train_mode": False, "scheduled_lr": 0.0})

    @torch.no_grad()
    def _switch(self, train: bool) -> None:
        for group in self.param_groups:
            weight = 1 - group["momentum"] if train else 1 - 1 / group["momentum"]
            if group["train_mode"] != train:
                for parameter in group["params"]:
                    if "z" in self.state[parameter]:
                        parameter.lerp_(end=self.state[parameter]["z"], weight=weight)
                group["train_mode"] = train

    def train(self) -> None:
        self._switch(True)

    def eval(self) -> None:
        self._switch(False)

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            assert group["train_mode"]
            group["k"] += 1
            group["scheduled_lr"] = rate = group["lr"] * min(1.0, group["k"] / group["warmup_steps"])
            for y in group["params"]:
                z = self.state[y].setdefault("z", y.clone())
                y.lerp_(z, 1 / group["k"]).add_(y.grad, alpha=rate * (group["momentum"] * (1 - 1 / group["k"]) - 1))
                z.sub_(y.grad, alpha=rate)


def entropy(model: nn.Module) -> float:
    with torch.no_grad():
        p = model(INPUTS).double().log_softmax(-1)
    return float(-(p.exp() * p).sum(-1).mean())


def train(out: Path | None, weights: Any = "training") -> tuple[list[float], list[float], list[torch.Tensor]]:
    """Entropies of y and of x, and the weights in the end, of a loop that looks at x every other step."""
    torch.manual_seed(0)
    model = nn.Linear(4, 3)
    optimizer = ScheduleFree(model.parameters())
    y, x = [entropy(model)], [entropy(model)]
    monitor = None if out is None else szilard.watch(
        model, optimizer, INPUTS, out=out, every=1, quiet=True, weights=weights
    )  # fmt: skip
    for _ in range(6):
        optimizer.train()
        optimizer.zero_grad()
        versions = [parameter._version for parameter in model.parameters()]
        F.cross_entropy(model(INPUTS), LABELS).backward()
        optimizer.step()
        assert max(p._version - v for p, v in zip(model.parameters(), versions, strict=True)) <= 3
        y.append(entropy(model))
        optimizer.eval()
        x.append(entropy(model))
    if monitor is not None:
        monitor.close()
    return y, x, [parameter.detach().clone() for parameter in model.parameters()]


def test_a_record_sees_the_weights_that_were_asked_for(tmp_path: Path) -> None:
    y, x, unwatched = train(None)
    for weights, entropies in (("training", y), ("averaged", x)):
        *_, watched = train(tmp_path / weights, weights)
        assert all(torch.equal(a, b) for a, b in zip(watched, unwatched, strict=True)), "watching changed the run"
        run = szilard.open(tmp_path / weights)
        assert run.attributes["weights"] == weights
        assert run.data["entropy_conditional"].values.tolist() == pytest.approx(entropies, rel=1e-6)
        assert run.data["learning_rate"].values.tolist() == [0.5, 0.125, 0.25, 0.375, 0.5, 0.5, 0.5]
    assert abs(y[3] - x[3]) > 1e-4


def test_in_whichever_mode_the_loop_closes_the_last_record_sees_the_same(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = nn.Linear(4, 3)
    optimizer = ScheduleFree(model.parameters())
    monitor = szilard.watch(model, optimizer, INPUTS, out=tmp_path / "run", every=5, quiet=True)
    optimizer.train()
    for _ in range(6):
        optimizer.zero_grad()
        F.cross_entropy(model(INPUTS), LABELS).backward()
        optimizer.step()
    optimizer.eval()
    last = monitor.close().data["entropy_conditional"].values[-1]
    averaged = entropy(model)
    optimizer.train()
    assert last == pytest.approx(entropy(model), rel=1e-6)
    assert abs(last - averaged) > 1e-5


def test_averaged_weights_of_an_optimiser_that_keeps_none(tmp_path: Path) -> None:
    model = nn.Linear(4, 3)
    sgd = torch.optim.SGD(model.parameters(), lr=0.1)
    for weights, said in (("averaged", "only schedule-free optimisers keep them"), ("x", "'training' or 'averaged'")):
        with pytest.raises(SpecError, match=said):
            szilard.watch(model, sgd, INPUTS, out=tmp_path / "run", weights=weights)
