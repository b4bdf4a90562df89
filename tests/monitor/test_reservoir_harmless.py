"""Watching the reservoir never changes the run: everything that training leaves behind is equal to the bit."""

from __future__ import annotations

import importlib.util
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from szilard import Classifier, Ledger, Monitor, Reservoir
from szilard.monitor.schedule import SettledInterval

pytestmark = pytest.mark.slow

STEPS = 14


def _neighbour(name: str) -> Any:
    """A module of tests beside this one."""
    specification = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return module


harmless = _neighbour("test_harmless")
MODELS, make, mlp = harmless.MODELS, harmless.make, harmless.mlp
everything, assert_same, Capricious = harmless.everything, harmless.assert_same, harmless.Capricious

OPTIMIZERS: dict[str, Callable[[Any], torch.optim.Optimizer]] = {
    "SGD": lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.01),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.1),
    "Nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "Adam": lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=0.01),
    "AdamW, fused": lambda p: torch.optim.AdamW(p, lr=0.01, fused=True),
    "AdamW, one by one": lambda p: torch.optim.AdamW(p, lr=0.01, foreach=False),
}


class Augmented(Dataset):
    """Draws from all three global generators whenever an item is taken, as augmentation does."""

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(8)
        self.x, self.y = torch.randn(40, 5, generator=generator), torch.randint(3, (40,), generator=generator)

    def __len__(self) -> int:
        return 40

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        shift = 0.01 * torch.rand(()) + 0.01 * float(np.random.rand()) + 0.01 * random.random()  # noqa: NPY002
        return self.x[index] + shift, self.y[index]


def train(
    model: nn.Module,
    out: Path | None,
    optimizer: str = "momentum",
    *,
    autocast: bool = False,
    keep_gradients: bool = False,
    **settings: Any,
) -> dict[str, Any]:
    """Everything that a run leaves behind, the order of its data included; watched if there is a place."""
    torch.manual_seed(1)
    np.random.seed(2)  # noqa: NPY002
    random.seed(3)
    data = Augmented()
    loader = DataLoader(data, batch_size=8, shuffle=True)
    probe = torch.linspace(-1, 1, 20).reshape(4, 5)
    optim = OPTIMIZERS[optimizer](model.parameters())
    monitor = None
    if out is not None:
        reservoir = Reservoir(F.cross_entropy, loader, **{"every": 6, "lags": (1, 2), **settings})
        monitor = Monitor(Classifier(model, probe), optim, out, measures=[Ledger(every=3), reservoir], quiet=True)
    seen, losses = [], []
    batches = iter(loader)
    for _ in range(STEPS):
        batch = next(batches, None)
        if batch is None:
            batches = iter(loader)
            batch = next(batches)
        x, y = batch
        seen.append(x)
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            loss = F.cross_entropy(model(x).float(), y)
        loss.backward()
        optim.step()
        if monitor is not None:
            monitor.step(loss)
        losses.append(loss.detach())
        if not keep_gradients:
            optim.zero_grad()
    if monitor is not None:
        run = monitor.close()
        assert run.tree["reservoir"].sizes["step"] == 2
    hooks = {name: len(getattr(optim, name)) for name in ("_optimizer_step_pre_hooks", "_optimizer_step_post_hooks")}
    return {"seen": seen, "losses": losses, "step hooks": hooks, **everything(model, optim)}


@pytest.mark.parametrize("model", [name for name in MODELS if name != "data-parallel wrapper"])
def test_models(tmp_path, model):
    plain = train(make(MODELS[model]), None)
    assert_same(plain, train(make(MODELS[model]), tmp_path / "run"))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_optimizers(tmp_path, optimizer):
    plain = train(make(MODELS["dropout"]), None, optimizer)
    assert_same(plain, train(make(MODELS["dropout"]), tmp_path / "run", optimizer))


SETTINGS: dict[str, dict[str, Any]] = {
    "full force": {"force": "full"},
    "single examples": {"per_example": 6},
    "predicted work": {"diffusion_work": True},
    "by parameter": {"groups": "parameter"},
    "interval by the clock": {"every": None, "budget": 0.9},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings(tmp_path, name, monkeypatch):
    if name == "interval by the clock":  # one burst, rehearsals, and one more burst
        monkeypatch.setattr("szilard.monitor.calibration._STEPS", 6)
        monkeypatch.setattr("szilard.monitor.calibration._REHEARSE_AT", (4, 5))
        monkeypatch.setattr("szilard.monitor.schedule.Schedule.settle", _settle_soon)
    plain = train(make(MODELS["dropout"]), None)
    assert_same(plain, train(make(MODELS["dropout"]), tmp_path / "run", **SETTINGS[name]))


def _settle_soon(self: Any) -> list[Any]:
    """Whatever was timed, every fifth step: enough for a second burst."""
    self._calibration = None
    settled = []
    for _, recorders in self._waiting:
        for each in recorders:
            each.every = 5
        settled.append(SettledInterval(recorders, {}, ""))
    return settled


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("autocast", [False, True])
def test_loops(tmp_path, keep, autocast):
    settings = {"keep_gradients": keep, "autocast": autocast}
    plain = train(make(MODELS["batch norm"]), None, **settings)
    assert_same(plain, train(make(MODELS["batch norm"]), tmp_path / "run", **settings))


def test_hooks_of_the_loop_on_parameters_do_not_run(tmp_path):
    counts = []
    for out in (None, tmp_path / "run"):
        model = make(MODELS["dropout"])
        seen: list[int] = []
        for parameter in model.parameters():
            parameter.register_hook(lambda grad, seen=seen: seen.append(0))  # type: ignore[misc]
            parameter.register_post_accumulate_grad_hook(lambda p, seen=seen: seen.append(1))  # type: ignore[misc]
        train(model, out)
        counts.append(len(seen))
    assert counts == [STEPS * 8] * 2


def test_models_that_draw_numbers_of_their_own_draw_others_than_the_loop(tmp_path):
    """A model's noise in fresh evaluations is fresh: two at one place differ."""
    outputs: list[Tensor] = []

    class Noting(Capricious):
        def forward(self, x: Tensor) -> Tensor:
            y = super().forward(x)
            if self.training:
                outputs.append((y - x).detach().flatten()[:1])
            return y

    train(make(lambda: mlp(Noting())), tmp_path / "run")
    values = torch.cat(outputs)
    assert len(values.unique()) == len(values)
