"""Watching never changes the run: trajectories with and without a monitor are equal to the bit."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from szilard import Classifier, Ledger, Monitor
from szilard.monitor.ledger import path

pytestmark = pytest.mark.slow

STEPS = 7


class Capricious(nn.Module):
    """Draws from all three global generators, in evaluation too, where it makes nothing of the numbers."""

    def forward(self, x: Tensor) -> Tensor:
        noise = 0.01 * torch.randn_like(x) + 0.01 * float(np.random.rand()) + 0.01 * random.random()  # noqa: NPY002
        return x + noise if self.training else x


class Counting(nn.Module):
    """Changes its buffers whenever it is called, in evaluation too, as observers for quantisation do."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))
        self.register_buffer("peak", torch.zeros(6))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        self.peak = torch.maximum(self.peak, x.detach().abs().amax(0))
        return x / (1 + self.peak)


class Stubborn(nn.Sequential):
    """Keeps its first part in evaluation mode, whatever it is told."""

    def train(self, mode: bool = True) -> Stubborn:
        super().train(mode)
        self[0].eval()
        return self


def mlp(*extra: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Linear(5, 6), nn.ReLU(), *extra, nn.Linear(6, 3))


def normalised() -> nn.Module:
    return nn.Sequential(
        parametrizations.spectral_norm(nn.Linear(5, 6)), nn.Tanh(), parametrizations.weight_norm(nn.Linear(6, 3))
    )


def frozen() -> nn.Module:
    model = Stubborn(nn.BatchNorm1d(5), nn.Linear(5, 6), nn.BatchNorm1d(6), nn.Dropout(0.2), nn.Linear(6, 3)).train()
    model[3].eval()
    return model


MODELS: dict[str, Callable[[], nn.Module]] = {
    "dropout": lambda: mlp(nn.Dropout(0.5)),
    "batch norm": lambda: mlp(nn.BatchNorm1d(6), nn.Dropout(0.3)),
    "parametrised norms": normalised,
    "random numbers in evaluation": lambda: mlp(Capricious()),
    "buffers changed in evaluation": lambda: mlp(Counting()),
    "parts kept in evaluation": frozen,
    "data-parallel wrapper": lambda: nn.DataParallel(mlp(nn.Dropout(0.5))),
}


@dataclass
class Loop:
    """One training loop, plain or with the usual additions."""

    optimizer: Callable[[Any], torch.optim.Optimizer] = lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)
    accumulate: int = 1
    autocast: bool = False
    scaler: bool = False
    inside: bool = False
    """Whether the monitor is made and called inside autocast."""
    fisher: bool = False


LOOPS: dict[str, Loop] = {
    "momentum": Loop(),
    "Adam": Loop(optimizer=lambda p: torch.optim.Adam(p, lr=0.01)),
    "accumulated gradients": Loop(accumulate=3),
    "autocast": Loop(autocast=True),
    "autocast around the monitor": Loop(autocast=True, inside=True),
    "scaled gradients": Loop(autocast=True, scaler=True),
    "Fisher form": Loop(fisher=True),
}


def train(model: nn.Module, loop: Loop, out: Path | None) -> dict[str, Any]:
    """Everything that a run leaves behind; watched if there is a place for the record."""
    torch.manual_seed(1)
    np.random.seed(2)  # noqa: NPY002
    random.seed(3)
    probe = torch.linspace(-1, 1, 20).reshape(4, 5)
    optimizer = loop.optimizer(model.parameters())
    scaler = torch.amp.GradScaler("cpu", init_scale=64.0, growth_interval=2, enabled=loop.scaler)

    def precision() -> torch.autocast:
        return torch.autocast("cpu", torch.bfloat16, enabled=loop.autocast)

    with precision() if loop.inside else contextlib.nullcontext():
        measures = [Ledger(every=1, fisher=loop.fisher)]
        monitor = None
        if out is not None:
            monitor = Monitor(Classifier(model, probe), optimizer, out, measures=measures, quiet=True)
        losses = []
        for _ in range(STEPS):
            for _ in range(loop.accumulate):
                with precision():
                    loss = F.cross_entropy(model(torch.randn(8, 5)).float(), torch.randint(3, (8,)))
                scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            if monitor is not None:
                monitor.step(loss)
            losses.append(loss.detach())
            if loop.accumulate == 1:
                optimizer.zero_grad()
        if monitor is not None:
            monitor.close()
    return {"losses": losses, "scaler": scaler.state_dict(), **everything(model, optimizer)}


def everything(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """The state of a run, to the bit."""
    hooks = [
        (name, kind, len(getattr(part, kind)))
        for name, part in model.named_modules()
        for kind in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    ]
    return {
        "parameters": dict(model.named_parameters()),
        "buffers": dict(model.named_buffers()),
        "gradients": {name: p.grad for name, p in model.named_parameters()},
        "requires_grad": [p.requires_grad for p in model.parameters()],
        "flags": [part.training for part in model.modules()],
        "hooks": hooks,
        "optimizer": optimizer.state_dict(),
        "torch": torch.get_rng_state(),
        "numpy": np.random.get_state(),  # noqa: NPY002
        "python": random.getstate(),
        "modes": (torch.is_grad_enabled(), torch.is_autocast_enabled("cpu"), torch.is_inference_mode_enabled()),
    }


def assert_same(ours: Any, theirs: Any, where: str = "") -> None:
    """Equal to the bit, all the way down."""
    assert type(ours) is type(theirs), where
    if isinstance(ours, Tensor):
        assert ours.dtype == theirs.dtype and torch.equal(ours, theirs), where
    elif isinstance(ours, np.ndarray):
        assert np.array_equal(ours, theirs), where
    elif isinstance(ours, dict):
        assert list(ours) == list(theirs), where
        for key in ours:
            assert_same(ours[key], theirs[key], f"{where}.{key}")
    elif isinstance(ours, list | tuple):
        assert len(ours) == len(theirs), where
        for index, pair in enumerate(zip(ours, theirs, strict=True)):
            assert_same(*pair, f"{where}[{index}]")
    else:
        assert ours == theirs, where


def make(build: Callable[[], nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    return build()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("loop", ["momentum", "Fisher form"])
def test_models(tmp_path, model, loop):
    plain = train(make(MODELS[model]), LOOPS[loop], None)
    watched = train(make(MODELS[model]), LOOPS[loop], tmp_path / "run")
    assert_same(plain, watched)


@pytest.mark.parametrize("loop", LOOPS)
def test_loops(tmp_path, loop):
    plain = train(make(MODELS["batch norm"]), LOOPS[loop], None)
    watched = train(make(MODELS["batch norm"]), LOOPS[loop], tmp_path / "run")
    assert_same(plain, watched)


def test_the_comparison_sees_a_single_bit(tmp_path):
    """The test can fail: one unit in the last place of one weight, or one random number drawn, is seen."""
    plain, other = (train(make(MODELS["dropout"]), Loop(), None) for _ in range(2))
    assert_same(plain, other)
    with torch.no_grad():
        other["parameters"]["0.weight"][0, 0] = torch.nextafter(
            other["parameters"]["0.weight"][0, 0], torch.tensor(9.0)
        )
    with pytest.raises(AssertionError, match=r"0\.weight"):
        assert_same(plain, other)
    torch.rand(1)
    with pytest.raises(AssertionError, match="torch"):
        assert_same(plain, plain | {"torch": torch.get_rng_state()})


def test_parts_in_evaluation_stay_there(tmp_path):
    model = make(frozen)
    monitor = Monitor(Classifier(model, torch.randn(4, 5)), None, tmp_path / "run", every=1, quiet=True)
    model(torch.randn(8, 5))
    monitor.step()
    assert [part.training for part in model] == [False, True, True, False, True]
    assert model.training


def test_parameters_and_hooks_are_the_very_same_objects(tmp_path):
    model = make(MODELS["batch norm"])
    seen: list[str] = []
    handle = model[0].register_forward_hook(lambda *_: seen.append("forward"))
    grads = model[0].weight.register_hook(lambda grad: seen.append("gradient"))
    before = {name: id(p) for name, p in model.named_parameters()}
    monitor = Monitor(
        Classifier(model, torch.randn(4, 5)),
        None,
        tmp_path / "run",
        measures=[Ledger(every=1, fisher=True)],
        quiet=True,
    )
    monitor.step()
    seen.clear()
    F.cross_entropy(model(torch.randn(8, 5)), torch.randint(3, (8,))).backward()
    assert seen == ["forward", "gradient"]
    assert {name: id(p) for name, p in model.named_parameters()} == before
    monitor.close()
    handle.remove()
    grads.remove()


def test_the_probe_is_evaluated_in_evaluation_mode_and_full_precision(tmp_path):
    """Inside autocast, with dropout and batch norm, the entropy is that of a plain float32 evaluation."""
    model = make(MODELS["batch norm"])
    probe = torch.randn(4, 5)
    with torch.autocast("cpu", torch.bfloat16):
        model(torch.randn(16, 5))
        monitor = Monitor(Classifier(model, probe), None, tmp_path / "run", every=1, quiet=True)
        monitor.step()
        run = monitor.close()
    assert run.attributes["forward_precision"] == "float32"
    model.eval()
    with torch.no_grad():
        log_p = torch.log_softmax(model(probe).double(), -1)
    entropy = float(-(log_p.exp() * log_p).sum(-1).mean())
    assert run.data["entropy_conditional"].values == pytest.approx([entropy, entropy], rel=1e-13)
    assert run.data["work"].values.tolist() == [0, 0]


@pytest.mark.parametrize("warn_only", [False, True])
def test_deterministic_algorithms_stay_demanded_of_the_model_but_not_of_the_sums(tmp_path, monkeypatch, warn_only):
    """On a GPU PyTorch has no deterministic running sum, and would refuse the monitor's."""
    seen: dict[str, bool] = {}
    model = make(MODELS["dropout"])
    model.register_forward_hook(lambda *_: seen.update(model=torch.are_deterministic_algorithms_enabled()))
    original = path.running_sum

    def spy(*arguments: Tensor) -> Tensor:
        seen["sums"] = torch.are_deterministic_algorithms_enabled()
        return original(*arguments)

    monkeypatch.setattr(path, "running_sum", spy)
    torch.use_deterministic_algorithms(True, warn_only=warn_only)
    try:
        monitor = Monitor(Classifier(model, torch.randn(4, 5)), None, tmp_path / "run", every=1, quiet=True)
        monitor.step()
        monitor.close()
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.is_deterministic_algorithms_warn_only_enabled() is warn_only
    finally:
        torch.use_deterministic_algorithms(False)
    assert seen == {"model": True, "sums": False}
