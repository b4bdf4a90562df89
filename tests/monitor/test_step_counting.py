"""Records follow the optimiser's own steps, whatever the loop does between; its own word is held against them."""

from __future__ import annotations

import copy
import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import szilard
from szilard import Classifier, Monitor, SzilardError, SzilardWarning, watch
from szilard.errors import SpecError

INPUTS = torch.linspace(-1, 1, 32).reshape(8, 4)
LABELS = torch.arange(8) % 3


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))


def loss_of(model: nn.Module) -> Tensor:
    return F.cross_entropy(model(INPUTS), LABELS)


def sgd(model: nn.Module, **settings: Any) -> torch.optim.SGD:
    return torch.optim.SGD(model.parameters(), **{"lr": 0.5} | settings)


class Kept:
    """The model's entropy whenever it is looked at, as an unwatched loop would know it."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.entropy: list[float] = []
        self.look()

    @torch.no_grad()
    def look(self) -> None:
        p = self.model(INPUTS).double().log_softmax(-1)
        self.entropy.append(float(-(p.exp() * p).sum(-1).mean()))


def agrees(run: szilard.Run, kept: Kept) -> bool:
    assert run.complete
    assert run.data["step"].values.tolist() == list(range(len(kept.entropy)))
    return bool(np.allclose(run.data["entropy_conditional"].values, kept.entropy, rtol=1e-6))


def accumulate(model: nn.Module, optimizer: Any, kept: Kept) -> None:
    for micro_batch in range(12):
        (loss_of(model) / 4).backward()
        if micro_batch % 4 == 3:
            optimizer.step()
            optimizer.zero_grad()
            kept.look()


def closure(model: nn.Module, optimizer: Any, kept: Kept) -> None:
    def again() -> Tensor:
        optimizer.zero_grad()
        loss = loss_of(model)
        loss.backward()
        return loss

    for _ in range(3):
        optimizer.step(again)
        kept.look()


def plain(model: nn.Module, optimizer: Any, kept: Kept, steps: int = 3) -> None:
    for _ in range(steps):
        optimizer.zero_grad()
        loss_of(model).backward()
        optimizer.step()
        kept.look()


def scaled(model: nn.Module, optimizer: Any, kept: Kept) -> None:
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**127)  # the first steps overflow
    before = copy.deepcopy(model.state_dict())
    for _ in range(8):
        optimizer.zero_grad()
        scaler.scale(8 * loss_of(model)).backward()
        scaler.step(optimizer)
        scaler.update()
        if any(not torch.equal(value, before[name]) for name, value in model.state_dict().items()):
            kept.look()
            before = copy.deepcopy(model.state_dict())
    assert 1 < len(kept.entropy) < 9


def scheduled(model: nn.Module, optimizer: Any, kept: Kept) -> None:
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    for _ in range(3):
        plain(model, optimizer, kept, 1)
        schedule.step()


def raised(model: nn.Module, optimizer: Any, kept: Kept) -> None:
    """A step that raises is none, and those after it count."""

    def fails() -> Tensor:
        raise ZeroDivisionError

    plain(model, optimizer, kept, 1)
    with pytest.raises(ZeroDivisionError):
        optimizer.step(fails)
    plain(model, optimizer, kept, 2)


class Child(torch.optim.SGD):
    """A step within a step of the same optimiser: its hooks run twice."""

    def step(self, closure: Any = None) -> Any:  # type: ignore[override]
        return super().step(closure)


class Sharpness(torch.optim.Optimizer):
    """As SAM is usually written: two halves that loops also call by themselves, around a base of its own."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model.parameters(), {"rho": 0.1})
        self.base_optimizer = torch.optim.SGD(self.param_groups, lr=0.5)
        self.param_groups = self.base_optimizer.param_groups

    @torch.no_grad()
    def first_step(self) -> None:
        for parameter in self.param_groups[0]["params"]:
            self.state[parameter]["there"] = parameter.clone()
            parameter.add_(parameter.grad, alpha=0.1)

    @torch.no_grad()
    def second_step(self) -> None:
        for parameter in self.param_groups[0]["params"]:
            parameter.copy_(self.state[parameter]["there"])
        self.base_optimizer.step()

    def step(self, closure: Any = None) -> Any:  # type: ignore[override]
        again = torch.enable_grad()(closure)
        loss = again()
        self.first_step()
        again()
        self.second_step()
        return loss


def in_halves(model: nn.Module, optimizer: Any, kept: Kept) -> None:
    for _ in range(3):
        for half in (optimizer.first_step, optimizer.second_step):
            optimizer.zero_grad()
            loss_of(model).backward()
            half()
        kept.look()


LOOPS: dict[str, tuple[Callable[[nn.Module], Any], Callable[..., None]]] = {
    "plain": (sgd, plain),
    "accumulation": (sgd, accumulate),
    "closure": (sgd, closure),
    "closure called often": (lambda m: torch.optim.LBFGS(m.parameters(), line_search_fn="strong_wolfe"), closure),
    "scaler": (sgd, scaled),
    "scaler and fused": (lambda m: sgd(m, fused=True), scaled),
    "scheduler": (sgd, scheduled),
    "a step that raises": (sgd, raised),
    "a child that raises": (lambda m: Child(m.parameters(), lr=0.5), raised),
    "a step within a step": (lambda m: Child(m.parameters(), lr=0.5), plain),
    "steps around a base": (Sharpness, closure),
    "halves around a base": (Sharpness, in_halves),
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_training_step_is_one_of_the_optimisers(tmp_path: Path, name: str) -> None:
    make, loop = LOOPS[name]
    model = net()
    optimizer = make(model)
    kept = Kept(model)
    monitor = watch(model, optimizer, INPUTS, out=tmp_path / "run", every=1, quiet=True)
    loop(model, optimizer, kept)
    assert agrees(monitor.close(), kept)
    plain(model, sgd(model), kept, 1)
    assert monitor.steps == len(kept.entropy) - 2, "a closed monitor counts no more"


def halves(model: nn.Sequential) -> list[torch.optim.Optimizer]:
    return [torch.optim.SGD(model[0].parameters(), lr=0.5), torch.optim.Adam(model[2].parameters(), lr=0.1)]


def test_several_optimisers_step_together(tmp_path: Path) -> None:
    model = net()
    first, second = optimizers = halves(model)  # type: ignore[arg-type]
    kept = Kept(model)
    with watch(model, optimizers, INPUTS, out=tmp_path / "run", every=1, quiet=True):
        for order in [(first, second), (first, second), (second, first), (first,), (first, second), (second,)]:
            loss_of(model).backward()
            for optimizer in order:
                optimizer.step()
            model.zero_grad()
            kept.look()
    run = szilard.open(tmp_path / "run")
    assert agrees(run, kept)
    assert run.attributes["optimizer"]["class"] == "SGD + Adam"
    assert [each["lr"] for each in run.attributes["optimizer"]["optimizers"]] == [0.5, 0.1]


def test_a_critic_that_steps_more_often_than_its_generator(tmp_path: Path) -> None:
    model = net()
    critic, generator = halves(model)  # type: ignore[arg-type]
    kept = Kept(model)
    with watch(model, {"critic": critic, "generator": generator}, INPUTS, out=tmp_path / "run", every=1, quiet=True):
        for _ in range(2):
            for number in range(3):
                loss_of(model).backward()
                critic.step()
                if number == 2:
                    generator.step()
                model.zero_grad()
                kept.look()
    assert agrees(szilard.open(tmp_path / "run"), kept)


def test_a_copy_is_looked_at_after_the_loop_has_renewed_it(tmp_path: Path) -> None:
    model = net()
    optimizer = sgd(model)
    averaged = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.5))
    kept = Kept(averaged)
    with watch(averaged, optimizer, INPUTS, copy_of=model, out=tmp_path / "run", every=1, quiet=True):
        for _ in range(3):
            plain(model, optimizer, Kept(model), 1)
            averaged.update_parameters(model)
            kept.look()
    assert agrees(szilard.open(tmp_path / "run"), kept)


@pytest.mark.parametrize("given", ["same", "copied", "several"])
def test_an_optimiser_that_moves_another_model(tmp_path: Path, given: str) -> None:
    model, other = net(), net()
    choices: dict[str, dict[str, Any]] = {
        "same": {"optimizer": sgd(other)},
        "copied": {"optimizer": sgd(other), "copy_of": model},
        "several": {"optimizer": [sgd(model), sgd(other)]},
    }
    remedy = {"same": "copy_of=model", "copied": "the module that the optimiser trains", "several": "leave it out"}
    with pytest.raises(SpecError, match=f"SGD holds no parameter of .*{remedy[given]}"):
        watch(model, probe=INPUTS, out=tmp_path / "run", **choices[given])
    assert not (tmp_path / "run").exists()


# The loop's own word


def told(tmp_path: Path, model: nn.Module, optimizer: Any) -> Monitor:
    return Monitor(Classifier(model, INPUTS), optimizer, tmp_path / "run", every=1, quiet=True)


def test_micro_batches_told_as_steps_are_warned_of_once(tmp_path: Path) -> None:
    model = net()
    optimizer = sgd(model)
    monitor = told(tmp_path, model, optimizer)
    loss_of(model).backward()
    with pytest.warns(
        SzilardWarning, match=r"called for step 1, and SGD has made no step .* let szilard.watch"
    ) as caught:
        for _ in range(3):
            monitor.step()
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert monitor.close().data["step"].values.tolist() == [0, 1, 2, 3]


def test_steps_that_were_not_told_of(tmp_path: Path) -> None:
    model = net()
    optimizer = sgd(model)
    monitor = told(tmp_path, model, optimizer)
    plain(model, optimizer, Kept(model), 2)
    with pytest.warns(SzilardWarning, match="SGD made 2 steps before monitor.step.. was called for step 1"):
        monitor.step()
    monitor.close()


def test_a_step_that_a_scaler_left_out_is_no_mistake(tmp_path: Path) -> None:
    model = net()
    optimizer = sgd(model)
    with told(tmp_path, model, optimizer) as monitor:
        monitor.step(loss=torch.inf)  # the loop leaves it out
        loss_of(model).mul(torch.inf).backward()
        monitor.step()


def test_a_skipped_step_with_gradients_cleared_is_no_mistake(tmp_path: Path) -> None:
    """Where they are None nothing tells a skipped step; many in a row are a mistake, and others are told of still."""
    model = net()
    optimizer = sgd(model)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**127)
    with told(tmp_path, model, optimizer) as monitor:
        for _ in range(8):
            loss = 64 * loss_of(model)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
            monitor.step(loss)
        assert monitor._session.counting.made < 5
        with pytest.warns(SzilardWarning, match="SGD has made no step since") as warned:
            for _ in range(40):
                monitor.step()
        assert len(warned) == 1
        with pytest.warns(SzilardWarning, match="SGD made 2 steps"):
            plain(model, optimizer, Kept(model), 2)
            monitor.step()


@pytest.mark.parametrize("kind", ["a copy", "a critic", "together"])
def test_a_loss_is_that_of_its_own_step(tmp_path: Path, kind: str) -> None:
    """Where a step is told of when the next one begins, whose loss is known by then."""
    model = net()
    averaged = torch.optim.swa_utils.AveragedModel(model)
    critic, generator = halves(model)  # type: ignore[arg-type]
    optimizers = sgd(model) if kind == "a copy" else [critic, generator]
    settings: dict[str, Any] = {"copy_of": model} if kind == "a copy" else {}
    watched = averaged if kind == "a copy" else model
    with watch(watched, optimizers, INPUTS, out=tmp_path / "run", every=1, quiet=True, **settings) as monitor:
        for step in range(1, 7):
            loss_of(model).backward()
            monitor.loss(torch.tensor(float(step)))
            if isinstance(optimizers, torch.optim.Optimizer):
                optimizers.step()
                averaged.update_parameters(model)
                continue
            critic.step()
            if kind == "together" or step % 3 == 0:
                generator.step()
    assert szilard.open(tmp_path / "run").data["loss"].values[1:].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


@pytest.mark.parametrize(("automatic", "steps"), [(True, 0), (False, 2), (False, 0)])
def test_a_monitor_that_saw_no_step_says_why(tmp_path: Path, automatic: bool, steps: int) -> None:
    model = net()
    optimizer = sgd(model)
    monitor = Monitor(Classifier(model, INPUTS), optimizer, tmp_path / "run", every=1, quiet=True, automatic=automatic)
    plain(model, optimizer, Kept(model), steps)
    why = "no step of SGD was seen" if automatic else "SGD made 2 steps" if steps else "call monitor.step"
    with pytest.raises(SzilardError, match=f"closed before its first step.*{why}"):
        monitor.close()


def test_a_step_told_of_beside_hooks_counts_once(tmp_path: Path) -> None:
    model = net()
    optimizer = sgd(model)
    kept = Kept(model)
    monitor = watch(model, optimizer, INPUTS, out=tmp_path / "run", every=1, quiet=True)
    with pytest.warns(
        SzilardWarning, match="counted by themselves, so monitor.step.. does not count another"
    ) as caught:
        for _ in range(2):
            plain(model, optimizer, kept, 1)
            monitor.step(loss=2.0)
    assert len(caught) == 1
    monitor.loss(4.0)
    plain(model, optimizer, kept, 1)
    run = monitor.close()
    assert agrees(run, kept)
    assert run.data["loss"].values[2:].tolist() == [2.0, 3.0], "each goes into the next record"


# What is recorded of the optimiser


def test_the_rate_recorded_is_the_one_that_was_used(tmp_path: Path) -> None:
    for automatic in (True, False):
        model = net()
        optimizer = sgd(model)
        schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        ppm = Classifier(model, INPUTS)
        with Monitor(ppm, optimizer, tmp_path / str(automatic), every=1, quiet=True, automatic=automatic) as monitor:
            for _ in range(3):
                plain(model, optimizer, Kept(model), 1)
                schedule.step()
                if not automatic:
                    monitor.step()
        run = szilard.open(tmp_path / str(automatic))
        assert run.data["learning_rate"].values.tolist() == [0.5, 0.5, 0.25, 0.125]


def test_settings_are_those_of_the_groups(tmp_path: Path) -> None:
    model = net()
    weights, biases = [[p for p in model.parameters() if (p.dim() > 1) == wide] for wide in (True, False)]
    groups = [{"params": biases, "weight_decay": 0.0}, {"params": weights, "momentum": 0.9, "lr": torch.tensor(0.25)}]
    optimizer = torch.optim.SGD(groups, lr=1.0, weight_decay=0.5)
    told(tmp_path, model, optimizer)
    recorded = szilard.open(tmp_path / "run").attributes["optimizer"]
    assert [recorded[name] for name in ("class", "lr", "momentum", "weight_decay")] == ["SGD", 0.25, 0.9, 0.5]
    assert [group["parameters"] for group in recorded["groups"]] == [8, 35]
    assert [group["momentum"] for group in recorded["groups"]] == [0, 0.9]


# Who keeps whom


def test_the_optimiser_keeps_a_monitor_that_nobody_holds(tmp_path: Path) -> None:
    model = net()
    optimizer = sgd(model)
    watch(model, optimizer, INPUTS, out=tmp_path / "run", every=1, quiet=True)
    gc.collect()
    plain(model, optimizer, Kept(model), 20)
    assert szilard.open(tmp_path / "run").data.sizes["step"] > 16
    gone = weakref.ref(model)
    del model, optimizer
    gc.collect()
    assert gone() is None, "nothing else keeps it"


def test_a_monitor_that_is_told_of_steps_leaves_nothing_on_the_optimiser(tmp_path: Path) -> None:
    model = net()
    optimizer = sgd(model)
    monitor = told(tmp_path, model, optimizer)
    gone = weakref.ref(monitor)
    del monitor
    gc.collect()
    assert gone() is None
    assert not optimizer._optimizer_step_pre_hooks
    assert not optimizer._optimizer_step_post_hooks


def test_copies_of_the_optimiser_are_not_watched(tmp_path: Path) -> None:
    model = net()
    optimizer = sgd(model)
    with watch(model, optimizer, INPUTS, out=tmp_path / "run", every=1, quiet=True) as monitor:
        twin = copy.deepcopy(optimizer)
        twin.step()
        assert monitor.steps == 0
        plain(model, optimizer, Kept(model), 1)


@pytest.mark.parametrize("clipped", [False, True])
def test_a_checkpoint_loaded_before_the_end_is_no_work_unnoticed(tmp_path: Path, clipped: bool) -> None:
    """It is warned of, unless the loop writes to its parameters between all steps."""
    model = net()
    optimizer = sgd(model)
    monitor = watch(model, optimizer, INPUTS, out=tmp_path / "run", every=2, quiet=True)
    for _ in range(3):
        plain(model, optimizer, Kept(model), 1)
        if clipped:
            with torch.no_grad():
                nn.utils.parameters_to_vector(model.parameters()).clamp_(-1, 1)
                model.get_parameter("0.weight").clamp_(-1, 1)
    if clipped:
        run = monitor.close()
    else:
        model.load_state_dict(net().state_dict())
        with pytest.warns(SzilardWarning, match="written to after the last step, so the last record counts that"):
            run = monitor.close()
    assert run.data["step"].values.tolist() == [0, 2, 3]


def test_a_record_that_closes_itself_leaves_such_a_model_out(tmp_path: Path) -> None:
    model = net()
    optimizer = sgd(model)
    watch(model, optimizer, INPUTS, out=tmp_path / "run", every=2, quiet=True)
    plain(model, optimizer, Kept(model), 3)
    model.load_state_dict(net().state_dict())
    del model, optimizer
    gc.collect()
    run = szilard.open(tmp_path / "run")
    assert (run.status, run.data["step"].values.tolist()) == ("complete", [0, 2])


@pytest.mark.parametrize("asked", [False, True])
def test_an_optimiser_made_anew_is_told_of_at_the_end(
    tmp_path: Path, asked: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Even where the record ends on its interval."""
    model = net()
    optimizer, anew = sgd(model), sgd(model)
    monitor = watch(model, optimizer, INPUTS, out=tmp_path / "run", every=2)
    plain(model, optimizer, Kept(model), 2)
    plain(model, anew, Kept(model), 3)
    said = "written to after step 2, the last that was counted, by a checkpoint or an optimiser that"
    if asked:
        with pytest.warns(SzilardWarning, match=said):
            monitor.close()
    else:
        del model, optimizer, anew, monitor
        gc.collect()
        assert said in capsys.readouterr().err
    assert szilard.open(tmp_path / "run").data["step"].values.tolist() == [0, 2]


@pytest.mark.parametrize("second_steps", [1, 3, 99])
def test_noise_beside_several_optimisers(tmp_path: Path, second_steps: int) -> None:
    """Bursts begin and end within steps of the optimiser, whose hooks must stay as they are until those are over."""
    model = net()
    first, second = halves(model)  # type: ignore[arg-type]
    noise = szilard.Reservoir(F.cross_entropy, (INPUTS, LABELS), every=6, lags=(1, 2), batch_size=4)
    measures = [szilard.Ledger(every=1), noise]
    monitor = watch(model, [first, second], INPUTS, out=tmp_path / "run", measures=measures, quiet=True)
    first.register_step_pre_hook(lambda *_: None)
    first.register_step_post_hook(lambda *_: None)
    for number in range(1, 15):
        model.zero_grad()
        loss_of(model).backward()
        first.step()
        if number % second_steps == 0:
            second.step()
    run = monitor.close()
    assert run.data["step"].values.tolist() == list(range(15))
    assert run.tree["reservoir"]["skipped_steps"].values.tolist() == [0, 0]
    assert (len(first._optimizer_step_pre_hooks), len(first._optimizer_step_post_hooks)) == (1, 1)


class Far(torch.Tensor):
    """A number on another device, for which nobody waits."""

    device = property(lambda self: torch.device("cuda"))  # type: ignore[assignment]


class Fused(torch.optim.Optimizer):
    """Does nothing, but is called, where a scaler has found an overflow."""

    found_inf: Tensor

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for parameter in self.param_groups[0]["params"]:
            parameter.add_(parameter.grad, alpha=-0.5 * (1 - float(self.found_inf)))


@pytest.mark.parametrize("every", [1, 3])
def test_overflows_on_a_gpu_are_asked_for_at_records_only(tmp_path: Path, every: int) -> None:
    model = net()
    optimizer = Fused(model.parameters(), {})
    kept = Kept(model)
    monitor = watch(model, optimizer, INPUTS, out=tmp_path / "run", every=every, quiet=True)
    for number in range(12):
        skipped = number % 3 == 1
        optimizer.found_inf = torch.tensor(float(skipped)).as_subclass(Far)
        optimizer.zero_grad()
        loss_of(model).backward()
        optimizer.step()
        if not skipped:
            kept.look()
    run = monitor.close()
    assert monitor.steps == 8
    steps = [0, 3, 6, 8] if every == 3 else list(range(9))
    assert run.data["step"].values.tolist() == steps
    assert np.allclose(run.data["entropy_conditional"].values, [kept.entropy[step] for step in steps], rtol=1e-6)
