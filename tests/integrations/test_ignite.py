"""Ignite's real engines, watched by the handler: equal to the bit, and right to sums by hand."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

import szilard
from szilard.errors import SpecError

pytest.importorskip("ignite", reason="pip install 'szilard[frameworks]'")

from ignite.engine import Engine, Events, create_supervised_evaluator, create_supervised_trainer
from ignite.metrics import Accuracy

from szilard.integrations import IgniteHandler

DATA = torch.Generator().manual_seed(0)
X, Y = torch.randn(28, 4, generator=DATA), torch.randint(3, (28,), generator=DATA)
PROBE, LABELS = torch.randn(9, 4, generator=DATA), torch.randint(3, (9,), generator=DATA)
VALIDATION = DataLoader(TensorDataset(PROBE, LABELS), batch_size=4)


class Training:
    """A supervised trainer of Ignite, whose evaluator runs after every second iteration."""

    def __init__(self, by_hand: Any = None, *, accumulation: int = 1, scaler: Any = None) -> None:
        torch.manual_seed(1)
        self.model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.2), nn.Linear(6, 3))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9)
        self.losses: list[float] = []
        settings: dict[str, Any] = {"gradient_accumulation_steps": accumulation}
        if scaler is not None:
            settings |= {"amp_mode": "amp", "scaler": scaler}
        self.trainer = create_supervised_trainer(self.model, self.optimizer, F.cross_entropy, **settings)
        evaluator = create_supervised_evaluator(self.model, metrics={"accuracy": Accuracy()})
        self.trainer.add_event_handler(Events.ITERATION_COMPLETED(every=2), lambda: evaluator.run(VALIDATION))
        self.trainer.add_event_handler(
            Events.ITERATION_COMPLETED, lambda engine: self.losses.append(float(engine.state.output))
        )
        if by_hand is not None:
            by_hand.look(self.model)
            self.optimizer.register_step_post_hook(lambda *_: by_hand.look(self.model))

    def watched(self, out: Path, probe: Any = "validation", **settings: Any) -> IgniteHandler:
        given = {"sets": {"validation": VALIDATION}, "out": out / "run", "every": 1, "quiet": True} | settings
        handler = IgniteHandler(self.model, self.optimizer, probe, **given)
        handler.attach(self.trainer)
        return handler

    def run(self, epochs: int = 2) -> list[Any]:
        """What it leaves behind, random state included."""
        torch.manual_seed(2)
        self.trainer.run(DataLoader(TensorDataset(X, Y), batch_size=4, shuffle=True), max_epochs=epochs)
        states = [self.model.state_dict().values(), (each["momentum_buffer"] for each in self.optimizer.state.values())]
        modes = torch.tensor([part.training for part in self.model.modules()])
        return [*(each for group in states for each in group), torch.tensor(self.losses), torch.get_rng_state(), modes]


def same(one: list[Tensor], other: list[Tensor]) -> bool:
    return len(one) == len(other) and all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.fixture
def sums(by_hand: Any) -> Any:
    return by_hand(lambda model: model(PROBE))


@pytest.mark.parametrize("accumulation", [1, 3])
def test_equal_to_the_bit_and_right(tmp_path: Path, sums: Any, accumulation: int) -> None:
    plain = Training(sums, accumulation=accumulation)
    training = Training(accumulation=accumulation)
    handler = training.watched(tmp_path, accumulation=accumulation)
    assert same(training.run(), plain.run())
    run = handler.run
    assert run.data.step.values.tolist() == list(range(14 // accumulation + 1))
    sums.check(run, tolerance=1e-9)
    assert run.attributes["status"] == "complete"
    steps = np.array(training.losses)[: 14 // accumulation * accumulation].reshape(-1, accumulation)
    np.testing.assert_allclose(run.data.loss.values[1:], steps.mean(1), rtol=1e-6)
    told = run.attributes["framework"]
    assert (told["name"], told["accumulation"]) == ("ignite", accumulation)
    right = (torch.tensor(sums.seen[-1]).squeeze(1).argmax(-1) == LABELS).double().mean()
    assert float(run.data.accuracy[-1]) == pytest.approx(float(right))


def test_two_optimisers_in_one_iteration(tmp_path: Path, sums: Any) -> None:
    """As alternating trainings have them; the output of the iteration is whatever its function returns."""

    def trained(by_hand: Any, out: Path | None) -> tuple[list[Tensor], Any]:
        training = Training()
        parts = [training.model[:2], training.model[2:]]
        optimizers = [torch.optim.Adam(part.parameters(), lr=0.01) for part in parts]

        def update(engine: Engine, batch: Any) -> dict[str, float]:
            for optimizer in optimizers:
                training.model.train()
                loss = F.cross_entropy(training.model(batch[0]), batch[1])
                training.model.zero_grad()
                loss.backward()
                optimizer.step()
            if by_hand is not None:
                by_hand.look(training.model)
            return {"loss": loss.item()}

        trainer = Engine(update)
        handler = None
        if by_hand is not None:
            by_hand.look(training.model)
        if out is not None:
            loss = lambda output: output["loss"]  # noqa: E731
            given = {"out": out, "every": 1, "quiet": True, "output_transform": loss}
            handler = IgniteHandler(training.model, optimizers, PROBE, **given)
            handler.attach(trainer)
        torch.manual_seed(2)
        trainer.run([(X[i : i + 4], Y[i : i + 4]) for i in range(0, 28, 4)], max_epochs=1)
        return [*training.model.state_dict().values(), torch.get_rng_state()], handler

    plain, _ = trained(sums, None)
    watched, handler = trained(None, tmp_path / "run")
    assert same(watched, plain)
    sums.check(handler.run, tolerance=1e-9)
    assert handler.run.data.step.values.tolist() == list(range(8))
    assert not np.isnan(handler.run.data.loss.values[1:]).any()


def test_resumed_and_run_again(tmp_path: Path) -> None:
    training = Training(accumulation=2)
    handler = training.watched(tmp_path, accumulation=2)
    training.run(epochs=2)
    training.run(epochs=4)  # Ignite goes on from its state
    assert handler.run.data.step.values.tolist() == list(range(7, 15))
    assert Path(handler.run.path).name == "run-from-7"
    training.trainer.state.max_epochs = None
    training.run(epochs=1)
    assert Path(handler.run.path).name == "run-3"


@pytest.mark.parametrize("swallowed", [False, True])
def test_broken_by_an_error_that_is_raised_as_before(tmp_path: Path, swallowed: bool) -> None:
    """Where it is not, since any handler of errors keeps Ignite from it, training goes on with the next epoch."""
    training = Training()
    handler = training.watched(tmp_path)
    if swallowed:
        training.trainer.add_event_handler(Events.EXCEPTION_RAISED, lambda engine, error: None)

    @training.trainer.on(Events.ITERATION_COMPLETED(once=4))
    def fail() -> None:
        raise ValueError("enough")

    with contextlib.nullcontext() if swallowed else pytest.raises(ValueError, match="enough"):
        training.run()
    if swallowed:
        assert handler.run.attributes["status"] == "complete"
        assert handler.run.data.step.values.tolist() == list(range(4 + 7 + 1))
        return
    assert handler.run.attributes["status"] == "broken"
    assert "ValueError" in handler.run.attributes["broken_because"]
    assert handler.run.data.step.values.tolist() == list(range(5))


class Streamed(IterableDataset):  # type: ignore[type-arg]
    def __iter__(self) -> Iterator[Any]:
        return iter(zip(PROBE, LABELS, strict=True))


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "unknown set": ({"probe": "test"}, "there is no evaluation set 'test': known: validation"),
    "no sets": ({"sets": {}}, "there is no evaluation set 'validation', because the training has none: give"),
    "streamed": ({"sets": {"validation": DataLoader(Streamed(), batch_size=4)}}, "'validation' is streamed"),
    "accumulation": ({"accumulation": 0}, "accumulation is how many batches make a step"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wirings_that_are_refused(tmp_path: Path, name: str) -> None:
    settings, says = WRONG[name]
    training = Training()
    with pytest.raises(SpecError, match=says) as caught:
        training.watched(tmp_path, **settings)
        training.run()
    assert "\n" not in str(caught.value)


def test_attached_twice_or_to_something_else(tmp_path: Path) -> None:
    training = Training()
    handler = training.watched(tmp_path)
    with pytest.raises(SpecError, match="added twice to the same training"):
        handler.attach(training.trainer)
    with pytest.raises(SpecError, match=r"two of szilard's callbacks write to .*: add one"):
        training.watched(tmp_path)
    with pytest.raises(SpecError, match="attach takes the engine that trains, not Sequential: give"):
        handler.attach(training.model)
    training.run(epochs=1)
    assert szilard.open(tmp_path / "run").data.step.values.tolist() == list(range(8))
