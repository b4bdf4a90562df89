"""Loops that Accelerate carries, watched by a line: equal to the bit, and right to sums by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, GradientState, PartialState
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import GPT2Config, GPT2LMHeadModel

import szilard
from szilard.errors import SpecError
from szilard.integrations import watch_accelerate

X = torch.linspace(-1, 1, 52 * 4).reshape(52, 4).sin()
Y = torch.arange(52) % 3
PROBE = torch.utils.data.TensorDataset(X[:12].flip(0), Y[:12])


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Accelerate keeps what it was asked for first."""
    for state in (AcceleratorState, GradientState, PartialState):
        state._reset_state()
    yield


class Loop:
    """A loop as its documentation writes it."""

    def __init__(
        self, *, watch: Any = None, look: Any = None, clip: float | None = None, epochs: int = 2, **settings: Any
    ) -> None:
        torch.manual_seed(0)
        self.accelerator = Accelerator(cpu=True, **settings)
        module = nn.Sequential(nn.Linear(4, 6), nn.Dropout(0.3), nn.Tanh(), nn.Linear(6, 3))
        optimizer = torch.optim.AdamW(module.parameters(), lr=0.05)
        data = torch.utils.data.TensorDataset(X, Y)
        loader = torch.utils.data.DataLoader(data, batch_size=4, shuffle=True)
        evaluation = torch.utils.data.DataLoader(PROBE, batch_size=5)
        self.model, self.optimizer, loader, evaluation = self.accelerator.prepare(module, optimizer, loader, evaluation)
        self.losses: list[float] = []
        if look is not None:
            look.look(module)
        self.monitor = None if watch is None else watch(self.accelerator, self.model, self.optimizer, evaluation)
        for _ in range(epochs):
            self.epoch(loader, evaluation, clip, look)
        self.weights = torch.cat([p.detach().flatten() for p in module.parameters()])

    def epoch(self, loader: Any, evaluation: Any, clip: float | None, look: Any) -> None:
        for x, y in loader:
            with self.accelerator.accumulate(self.model):
                loss = F.cross_entropy(self.model(x), y)
                self.accelerator.backward(loss)
                if clip is not None and self.accelerator.sync_gradients:
                    self.accelerator.clip_grad_norm_(self.model.parameters(), clip)
                self.optimizer.step()
                self.optimizer.zero_grad()
                self.losses.append(loss.item())
                if look is not None and self.accelerator.sync_gradients:
                    look.look(self.accelerator.unwrap_model(self.model))
        self.model.eval()
        with torch.no_grad():
            for x, _ in evaluation:
                self.model(x)
        self.model.train()


def plainly(model: Any) -> Tensor:
    """Without the autocast that Accelerate puts into the model's own forward."""
    forward: Tensor = nn.Sequential.forward(model, PROBE.tensors[0])
    return forward


def test_a_norm_that_is_only_measured_clips_nothing(tmp_path: Path) -> None:
    loop = Loop(watch=lambda *given: watch_accelerate(*given, out=tmp_path / "run", quiet=True), clip=float("inf"))
    loop.accelerator.end_training()
    assert "clipping" not in szilard.open(tmp_path / "run").attributes["framework"]


@pytest.mark.parametrize(
    "settings", [{}, {"gradient_accumulation_steps": 4, "clip": 0.3}, {"mixed_precision": "bf16"}], ids=str
)
def test_equal_to_the_bit_and_right(tmp_path: Path, by_hand: Any, settings: dict[str, Any]) -> None:
    sums = by_hand(plainly)
    plain = Loop(look=sums, **settings)
    state = torch.get_rng_state()

    def watch(*given: Any) -> Any:
        return watch_accelerate(*given, out=tmp_path / "run", every=1, quiet=True)

    watched = Loop(watch=watch, **settings)
    watched.accelerator.end_training()
    assert torch.equal(plain.weights, watched.weights)
    assert plain.losses == watched.losses
    assert torch.equal(state, torch.get_rng_state())
    run = szilard.open(tmp_path / "run")
    accumulated = settings.get("gradient_accumulation_steps", 1)
    assert int(run.data.step[-1]) == 2 * -(-13 // accumulated) == len(sums.seen) - 1
    sums.check(run)
    told = run.attributes["framework"]
    assert (told["name"], told["accumulation"], told.get("clipping")) == (
        "accelerate",
        accumulated,
        settings.get("clip"),
    )
    assert run.attributes["forward_precision"] == "float32"
    assert run.attributes["status"] == "complete"
    assert float(run.data.loss[1]) == pytest.approx(np.mean(watched.losses[:accumulated]), rel=1e-6)
    assert float(run.data.loss[-1]) == pytest.approx(np.mean(watched.losses[-(13 % accumulated or 1) :]), rel=1e-6)
    assert "backward" not in vars(watched.accelerator), "its methods are its own again"


def test_a_loop_that_resumes_and_tells_its_losses_itself(tmp_path: Path) -> None:
    loop = Loop(epochs=1)
    second = loop.accelerator.prepare(nn.Linear(4, 3))
    monitor = watch_accelerate(
        loop.accelerator,
        loop.model,
        [loop.optimizer],
        X,
        labels=Y,
        out=tmp_path / "run",
        every=1,
        first_step=13,
        quiet=True,
    )
    loss = F.cross_entropy(loop.model(X), Y)
    loop.accelerator.backward(F.cross_entropy(second(X), Y))
    loop.accelerator.backward(loss)
    monitor.loss(loss)
    loop.optimizer.step()
    run = monitor.close()
    assert Path(run.path).name == "run-from-13"
    assert run.data.step.values.tolist() == [13, 14]
    assert float(run.data.loss[-1]) == pytest.approx(loss.item())
    loop.optimizer.zero_grad()
    loop.accelerator.backward(F.cross_entropy(loop.model(X), Y))  # nobody listens any more


def test_a_prepared_loader_gives_those_elements_that_its_sampler_draws(tmp_path: Path, by_hand: Any) -> None:
    part = [50, 7, 19, 33]
    torch.manual_seed(0)
    accelerator, module = Accelerator(cpu=True), nn.Linear(4, 3)
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(X, Y), batch_size=2, sampler=torch.utils.data.SubsetRandomSampler(part)
    )
    model, optimizer, loader = accelerator.prepare(module, torch.optim.SGD(module.parameters(), lr=0.3), loader)
    sums = by_hand(lambda model: model(X[part]))
    sums.look(module)
    monitor = watch_accelerate(accelerator, model, optimizer, loader, out=tmp_path / "run", every=1, quiet=True)
    accelerator.backward(F.cross_entropy(model(X), Y))
    optimizer.step()
    sums.look(module)
    sums.check(monitor.close())


def test_several_optimisers_make_a_step_together(tmp_path: Path, by_hand: Any) -> None:
    torch.manual_seed(0)
    accelerator, module = Accelerator(cpu=True), nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3))
    model, first, second = accelerator.prepare(
        module, torch.optim.SGD(module[0].parameters(), lr=0.3), torch.optim.AdamW(module[2].parameters(), lr=0.1)
    )
    sums = by_hand(lambda model: model(X))
    sums.look(module)
    monitor = watch_accelerate(accelerator, model, [first, second], X, out=tmp_path / "run", every=1, quiet=True)
    for _ in range(4):
        accelerator.backward(F.cross_entropy(model(X), Y))
        for each in (first, second):
            each.step()
            each.zero_grad()
        sums.look(module)
    sums.check(monitor.close())


def test_wiring_is_refused_in_one_sentence(tmp_path: Path) -> None:
    loop = Loop(epochs=0)
    with pytest.raises(SpecError, match=r"not Sequential: watch_accelerate\(accelerator, model, optimizer, probe\)"):
        watch_accelerate(loop.model, loop.model, loop.optimizer, X)
    with pytest.raises(SpecError, match="the inputs on which the model is to be watched are missing"):
        watch_accelerate(loop.accelerator, loop.model, loop.optimizer, out=tmp_path / "run")
    text = GPT2LMHeadModel(GPT2Config(vocab_size=9, n_embd=4, n_layer=1, n_head=1, n_positions=8))
    tokens = torch.utils.data.DataLoader([{"input_ids": torch.arange(6), "labels": torch.arange(6)}])
    with pytest.raises(SpecError, match=r"is a language model.*give wrap=lambda model: szilard\.Autoregressive"):
        watch_accelerate(loop.accelerator, text, torch.optim.SGD(text.parameters(), lr=0.1), tokens)
    streamed = torch.utils.data.DataLoader(Endless(), batch_size=2)
    with pytest.raises(SpecError, match=r"is streamed.*take 512 inputs yourself"):
        watch_accelerate(loop.accelerator, loop.model, loop.optimizer, streamed, out=tmp_path / "run")
    assert "backward" not in vars(loop.accelerator)


class Endless(torch.utils.data.IterableDataset):  # type: ignore[type-arg]
    def __iter__(self) -> Any:
        return iter(zip(X, Y, strict=True))
