"""Lightning's real Trainer, watched by the callback: equal to the bit, and right to sums by hand."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset, SubsetRandomSampler, TensorDataset

import szilard
from szilard.errors import ModelError, RecordError, SpecError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of its dependencies
    L = pytest.importorskip("lightning", reason="pip install 'szilard[frameworks]'")

from szilard.integrations import LightningCallback
from szilard.monitor.reservoir.hooks import GradientHook

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*(num_workers|litlogger|logging interval|train_dataloader).*"),
    pytest.mark.filterwarnings("ignore:.*no `val_dataloader`.*"),
    pytest.mark.filterwarnings("ignore:.*Checkpoint directory.*"),
    pytest.mark.filterwarnings("ignore:.*hooks will not be called on every batch.*"),
]

DATA = torch.Generator().manual_seed(0)
X, Y = torch.randn(28, 4, generator=DATA), torch.randint(3, (28,), generator=DATA)
PROBE, LABELS = torch.randn(9, 4, generator=DATA), torch.randint(3, (9,), generator=DATA)


def batches(x: Tensor = X, y: Tensor = Y, **settings: Any) -> DataLoader:
    return DataLoader(TensorDataset(x, y), batch_size=4, **settings)


def network() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.2), nn.Linear(6, 3))


class Lit(L.LightningModule):
    """A classifier that notes its losses, and shows itself to the sums by hand."""

    def __init__(self, by_hand: Any = None, *, scaler: Any = None) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.net, self.by_hand, self.losses, self.scaler = network(), by_hand, [], scaler

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)

    def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
        loss = F.cross_entropy(self(batch[0]), batch[1])
        self.losses.append(loss.item())
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], index: int, dataloader_idx: int = 0) -> None:
        self.log("validation loss", F.cross_entropy(self(batch[0]), batch[1]))

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)

    def on_train_start(self) -> None:
        self.look()

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        scale = self.scaler.get_scale() if self.scaler else 0
        super().optimizer_step(*args, **kwargs)
        if not self.scaler or self.scaler.get_scale() >= scale:  # else the step was skipped
            self.look()

    def look(self) -> None:
        if self.by_hand is not None:
            self.by_hand.look(self)


class Manual(Lit):
    """The same by its own hand, in one of several ways."""

    def __init__(self, by_hand: Any = None, *, way: str = "wrapped") -> None:
        super().__init__(by_hand)
        self.automatic_optimization = False
        self.way, self.other = way, nn.Linear(2, 2)

    def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> None:
        optimizers = self.optimizers(use_pl_optimizer=self.way != "raw")
        loss = F.cross_entropy(self(batch[0]), batch[1])
        self.losses.append(loss.item())
        self.manual_backward(loss)
        for each in optimizers if isinstance(optimizers, list) else [optimizers]:
            each.step()
            each.zero_grad()
        self.look()

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        L.LightningModule.optimizer_step(self, *args, **kwargs)

    def configure_optimizers(self) -> Any:
        if self.way != "two":
            return torch.optim.Adam(self.net.parameters(), lr=0.01)
        return [torch.optim.Adam(self.net[0].parameters(), lr=0.01), torch.optim.SGD(self.net[1:].parameters(), lr=0.1)]


def trainer(out: Path, callbacks: list[Any], **settings: Any) -> Any:
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    quiet |= {"enable_checkpointing": False, "accelerator": "cpu", "default_root_dir": out}
    return L.Trainer(callbacks=callbacks, **quiet | {"max_epochs": 1} | settings)


def fit(module: Lit, trained_by: Any, **settings: Any) -> Lit:
    torch.manual_seed(2)
    trained_by.fit(module, batches(shuffle=True), batches(PROBE, LABELS), **settings)
    return module


def callback(out: Path, probe: Any = None, **settings: Any) -> LightningCallback:
    return LightningCallback(probe, **{"out": out / "run", "every": 1, "quiet": True} | settings)


def left_by(module: Lit) -> list[Any]:
    """What a training leaves behind, random state included."""
    states = [each for optimizer in module.trainer.optimizers for each in optimizer.state_dict()["state"].values()]
    tensors = [each[name] for each in states for name in sorted(each)]
    return [*module.state_dict().values(), *tensors, torch.tensor(module.losses), torch.get_rng_state()]


def same(one: list[Any], other: list[Any]) -> bool:
    return len(one) == len(other) and all(torch.equal(a, b) for a, b in zip(one, other, strict=True) if a is not None)


@pytest.fixture
def sums(by_hand: Any) -> Any:
    return by_hand(lambda module: module.net(PROBE))


WAYS: dict[str, tuple[Callable[..., Lit], dict[str, Any]]] = {
    "automatic": (Lit, {}),
    "accumulation with a short last window, clipping, validation in the middle": (
        Lit, {"accumulate_grad_batches": 3, "gradient_clip_val": 0.1, "val_check_interval": 2, "max_epochs": 2},
    ),
    "bfloat16": (Lit, {"precision": "bf16-mixed", "check_val_every_n_epoch": 9, "num_sanity_val_steps": 0}),
    "manual": (Manual, {}),
    "manual, raw optimiser": (lambda sums: Manual(sums, way="raw"), {}),
    "manual, two optimisers": (lambda sums: Manual(sums, way="two"), {}),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_equal_to_the_bit_and_right(tmp_path: Path, sums: Any, way: str) -> None:
    module, settings = WAYS[way]
    plain = left_by(fit(module(None), trainer(tmp_path, [], **settings)))
    assert same(left_by(fit(module(sums), trainer(tmp_path, [], **settings))), plain), "looking by hand disturbs"
    watching = callback(tmp_path)
    watched = fit(module(None), trainer(tmp_path, [watching], **settings))
    assert same(left_by(watched), plain)
    run = watching.run
    assert run.data.step.values.tolist() == list(range(len(sums.seen)))
    sums.check(run, tolerance=1e-9)
    assert run.attributes["status"] == "complete"
    assert run.attributes["forward_precision"] == "float32"
    right = (torch.tensor(sums.seen[-1]).squeeze(1).argmax(-1) == LABELS).double().mean()
    assert float(run.data.accuracy[-1]) == pytest.approx(float(right))
    told = run.attributes["framework"]
    accumulated = settings.get("accumulate_grad_batches", 1)
    assert (told["name"], told["clipping"], told["accumulation"]) == (
        "lightning", settings.get("gradient_clip_val"), accumulated,
    )  # fmt: skip
    if "two" in way:
        assert np.isnan(run.data.loss.values).all() and "several optimisers" in told["loss"]
        return
    losses, expected = np.array(watched.losses), []
    for epoch in losses.reshape(settings.get("max_epochs", 1), -1):
        expected += [epoch[begin : begin + accumulated].mean() for begin in range(0, len(epoch), accumulated)]
    np.testing.assert_allclose(run.data.loss.values[1:], expected, rtol=1e-6)


def test_scaled_gradients(tmp_path: Path, sums: Any) -> None:
    """Losses are those before scaling, and steps that the scaler skips are none."""
    from lightning.pytorch.plugins import MixedPrecision

    def scaled(by_hand: Any, callbacks: list[Any]) -> Lit:
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0**26, growth_interval=2)
        module = Lit(by_hand, scaler=scaler)
        plugin = MixedPrecision("16-mixed", "cpu", scaler)
        return fit(module, trainer(tmp_path, callbacks, plugins=[plugin], accumulate_grad_batches=1, max_epochs=3))

    watching = callback(tmp_path)
    watched, plain = left_by(scaled(None, [watching])), left_by(scaled(sums, []))
    assert same(watched, plain)
    run = watching.run
    assert 1 < len(sums.seen) < 22, "nothing was skipped"
    assert run.data.step.values.tolist() == list(range(len(sums.seen)))
    sums.check(run, tolerance=1e-9)
    assert 0.1 < float(run.data.loss[1]) < 3


def test_losses_where_the_accumulation_changes(tmp_path: Path) -> None:
    watching = callback(tmp_path)
    schedule = L.pytorch.callbacks.GradientAccumulationScheduler({0: 1, 1: 7})
    module = fit(Lit(), trainer(tmp_path, [watching, schedule], max_epochs=2))
    expected = [*module.losses[:7], np.mean(module.losses[7:])]
    np.testing.assert_allclose(watching.run.data.loss.values[1:], expected, rtol=1e-6)


def test_the_gradient_that_is_measured_is_clipped(tmp_path: Path) -> None:
    norms = []

    class Hooked(Lit):
        def on_train_start(self) -> None:
            grads = lambda: [p.grad.norm() for p in self.parameters()]  # noqa: E731
            hook = GradientHook(self.optimizers().optimizer, lambda: norms.append(float(torch.stack(grads()).norm())))
            hook.hang()

    fit(Hooked(), trainer(tmp_path, [], gradient_clip_val=0.05))
    assert len(norms) == 7
    assert max(norms) == pytest.approx(0.05, rel=1e-3)


def test_resumed_from_a_checkpoint(tmp_path: Path, sums: Any) -> None:
    first = trainer(tmp_path, [callback(tmp_path)], max_epochs=1)
    fit(Lit(), first)
    first.save_checkpoint(tmp_path / "at.ckpt")
    settings = {"ckpt_path": tmp_path / "at.ckpt", "weights_only": False}
    plain = left_by(fit(Lit(sums), trainer(tmp_path, [], max_epochs=2), **settings))
    watching = callback(tmp_path)
    assert same(left_by(fit(Lit(), trainer(tmp_path, [watching], max_epochs=2), **settings)), plain)
    run = watching.run
    assert Path(run.path).name == "run-from-7"
    assert run.data.step.values.tolist() == list(range(7, 15))
    assert run.attributes["first_step"] == 7
    sums.check(run, tolerance=1e-9, first=7)


@pytest.mark.parametrize("way", ["wrapped", "raw", "two"])
def test_manual_steps_go_on_at_their_own_number(tmp_path: Path, way: str) -> None:
    """Lightning's global step is twice that of two optimisers, and 0 of a raw one."""
    watching = callback(tmp_path)
    trained_by = trainer(tmp_path, [watching])
    module = fit(Manual(way=way), trained_by)
    trained_by.fit_loop.max_epochs = 2
    fit(module, trained_by)
    assert szilard.open(tmp_path / "run").data.step.values.tolist() == list(range(8))
    assert watching.run.data.step.values.tolist() == list(range(7, 15))


def test_each_fit_has_its_record(tmp_path: Path) -> None:
    watching = callback(tmp_path)
    for _ in range(2):
        fit(Lit(), trainer(tmp_path, [watching]))
    assert sorted(each.name for each in tmp_path.glob("run*")) == ["run", "run-2"]
    assert [len(szilard.open(tmp_path / name).data.step) for name in ("run", "run-2")] == [8, 8]
    with pytest.raises(RecordError, match="overwrite"):
        fit(Lit(), trainer(tmp_path, [callback(tmp_path)]))


def test_broken_by_an_error(tmp_path: Path) -> None:
    class Fails(Lit):
        def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
            if index == 4:
                raise ValueError("enough")
            return super().training_step(batch, index)

    watching = callback(tmp_path)
    with pytest.raises(ValueError, match="enough"):
        fit(Fails(), trainer(tmp_path, [watching]))
    run = watching.run
    assert run.attributes["status"] == "broken"
    assert "ValueError" in run.attributes["broken_because"]
    assert run.data.step.values.tolist() == list(range(5))
    fit(Lit(), trainer(tmp_path, [watching]))  # and the callback serves again
    assert watching.run.attributes["status"] == "complete"


def test_a_part_of_the_module_is_watched(tmp_path: Path, by_hand: Any) -> None:
    """Optimisers that do not move it are left out."""
    sums = by_hand(lambda module: module.other(PROBE[:, :2]))

    class Two(Manual):
        def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> None:
            one, other = self.optimizers()
            self.manual_backward(F.cross_entropy(self(batch[0]), batch[1]))
            one.step()
            if index % 2:
                self.manual_backward(F.cross_entropy(self.other(batch[0][:, :2]), batch[1] % 2))
                other.step()
                self.look()

        def configure_optimizers(self) -> Any:
            return [torch.optim.SGD(part.parameters(), lr=0.1) for part in (self.net, self.other)]

    fit(Two(sums), trainer(tmp_path, []))
    watching = callback(tmp_path, wrap=lambda module: szilard.Classifier(module.other, PROBE[:, :2]))
    fit(Two(), trainer(tmp_path, [watching]))
    assert watching.run.data.step.values.tolist() == list(range(4))
    sums.check(watching.run, tolerance=1e-9)


def test_the_probe_goes_the_way_of_validation(tmp_path: Path, by_hand: Any) -> None:
    """Its batch is made as validation's, by name, and nothing is drawn from the run's random numbers."""
    sums = by_hand(lambda module: module.net(10 * PROBE[:5] + 1))

    class Transfers(Lit):
        def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
            x, y = batch
            return (x + torch.randn_like(x) if self.trainer.training else 10 * x + dataloader_idx), y

    def fitted(callbacks: list[Any], by_hand: Any = None) -> Lit:
        module = Transfers(by_hand)
        torch.manual_seed(2)
        sets = [batches(PROBE, LABELS), batches(PROBE[:5], LABELS[:5])]
        trainer(tmp_path, callbacks, num_sanity_val_steps=0).fit(module, batches(shuffle=True), sets)
        return module

    watching = callback(tmp_path, "dataloader_idx_1")
    assert same(left_by(fitted([watching])), left_by(fitted([], sums)))
    sums.check(watching.run, tolerance=1e-9)
    with pytest.raises(SpecError, match=r"there is no evaluation set 'validation'.*dataloader_idx_0, dataloader_idx_1"):
        fitted([callback(tmp_path / "other")])


def test_a_part_of_the_training_data_is_the_evaluation_set(tmp_path: Path, by_hand: Any) -> None:
    """Told apart by samplers alone: no element of training gets into the probe."""
    part = [25, 7, 19, 11]

    def fitted(callbacks: list[Any], by_hand: Any = None) -> Lit:
        torch.manual_seed(2)
        loaders = [batches(sampler=SubsetRandomSampler(each)) for each in (range(6), part)]
        module = Lit(by_hand)
        trainer(tmp_path, callbacks).fit(module, *loaders)
        return module

    sums, watching = by_hand(lambda module: module.net(X[part])), callback(tmp_path)
    assert same(left_by(fitted([watching])), left_by(fitted([], sums)))
    sums.check(watching.run, tolerance=1e-9)


class Streamed(IterableDataset):  # type: ignore[type-arg]
    def __iter__(self) -> Iterator[Any]:
        return iter(zip(PROBE, LABELS, strict=True))


class NoOptimizer(Lit):
    def configure_optimizers(self) -> None:
        return None


class NoForward(Lit):
    forward = L.LightningModule.forward

    def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
        return F.cross_entropy(self.net(batch[0]), batch[1])

    validation_step = None  # type: ignore[assignment]


def wrongly(tmp_path: Path, **settings: Any) -> Callable[[], None]:
    """A fit in which something is not as it should be."""
    module = settings.pop("module", Lit)
    loader = settings.pop("loader", batches(PROBE, LABELS))
    callbacks = settings.pop("callbacks", None)

    def wrong() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Lightning's own, of the very same
            chosen = callbacks(tmp_path) if callbacks else [callback(tmp_path, **settings)]
            trainer(tmp_path, chosen).fit(module(), batches(), loader)

    return wrong


WRONG: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "added twice": ({"callbacks": lambda out: [callback(out)] * 2}, SpecError, "added twice to the same training"),
    "two for one place": ({"callbacks": lambda out: [callback(out), callback(out)]}, SpecError, "write to .*: add one"),
    "unknown set": ({"probe": "valdation"}, SpecError, "there is no evaluation set 'valdation': did you mean"),
    "no set": ({"loader": None}, SpecError, "there is no evaluation set 'validation'"),
    "streamed": ({"loader": DataLoader(Streamed(), batch_size=4)}, SpecError, "'validation' is streamed"),
    "no optimiser": ({"module": NoOptimizer}, SpecError, "configure_optimizers gave Lightning no optimiser"),
    "no forward": ({"module": NoForward}, ModelError, "forward"),
    "labels beside a name": ({"labels": LABELS}, SpecError, "labels come with the evaluation set"),
    "unknown setting": ({"evry": 3}, SpecError, "no setting 'evry': did you mean 'every'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wirings_that_are_refused(tmp_path: Path, name: str) -> None:
    settings, kind, says = WRONG[name]
    with pytest.raises(kind, match=says) as caught:
        wrongly(tmp_path, **settings)()
    said = str(caught.value)
    assert "\n" not in said and re.search(r"[:.,] [a-zA-Z].*[.?…]$", said), said
