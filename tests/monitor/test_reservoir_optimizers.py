"""Every optimiser attaches; a temperature is given only where the law of its steps is known, by class and settings."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from szilard import Classifier, Monitor, Reservoir, watch
from szilard.errors import SpecError
from szilard.studies.kits.parameters.statements import ONE_TEMPERATURE, SETTLED, YAIDA
from szilard.verdicts.finding import Verdict

pytestmark = pytest.mark.slow

X = torch.randn(40, 4, generator=torch.Generator().manual_seed(1))
Y = torch.randint(3, (40,), generator=torch.Generator().manual_seed(2))
LAGS = (1, 2)
BURST, EVERY = 4, 6

Make = Callable[[Any], Any]


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 5, bias=False), nn.Tanh(), nn.Linear(5, 3, bias=False))


def watched(
    out: Path, make: Make, *, steps: int = 4 * EVERY, closed: bool = False, sparse: bool = False, **said: Any
) -> Any:
    """A run whose optimiser is made from the network's parameters."""
    model = network()
    optimizer = make(model.parameters())
    measure = Reservoir(F.cross_entropy, (X, Y), every=EVERY, lags=LAGS, batch_size=8, directions=0)
    monitor = Monitor(Classifier(model, X), optimizer, out, measures=[measure], quiet=True)
    order = torch.Generator().manual_seed(3)
    for _ in range(steps):
        rows = torch.randint(40, (8,), generator=order)

        def closure(rows: Tensor = rows) -> Tensor:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(X[rows]), Y[rows])
            loss.backward()
            if sparse:
                for parameter in model.parameters():
                    parameter.grad = parameter.grad.to_sparse()  # type: ignore[union-attr]
            return loss

        if closed:
            optimizer.step(closure)
        else:
            closure()
            optimizer.step()
        monitor.step()
    return monitor.close()


# Torch's own


OWN = [
    kind
    for name, kind in sorted(vars(torch.optim).items())
    if isinstance(kind, type) and issubclass(kind, torch.optim.Optimizer) and kind is not torch.optim.Optimizer
]
SETTINGS: dict[str, dict[str, Any]] = {"SGD": {"lr": 0.1}, "LBFGS": {"lr": 0.1, "line_search_fn": "strong_wolfe"}}
KNOWN = ("SGD", "Adam", "AdamW")
OF_NOISE = (
    "noise_variance",
    "noise_variance_loop",
    "signal_variance",
    "noise_covariance",
    "gradient_noise_scale_pooled",
)
OF_LAW = ("temperature_noise", "temperature_kinetic", "temperature_configurational", "fdr_ratio")


@pytest.mark.parametrize("kind", OWN, ids=lambda kind: kind.__name__)
def test_torchs_own(tmp_path: Path, kind: type[torch.optim.Optimizer]) -> None:
    """Noise, scale and correlation of all; temperatures of three, and of the others the reason why not."""
    name = kind.__name__
    run = watched(
        tmp_path / "run",
        lambda p: kind(p, **SETTINGS.get(name, {})),
        closed=name == "LBFGS",
        sparse=name == "SparseAdam",
    )
    data, told = run.tree["reservoir"], run.attributes["reservoir"]
    assert data["burst_steps"].values.tolist()[:4] == [BURST] * 4
    for column in OF_NOISE:
        assert np.isfinite(data[column].values).all(), column
    assert (data["noise_variance"].values > 0).all()
    assert np.isfinite(data["temperature_noise"].values).all() == (name in KNOWN)
    for group in range(2):
        assert (told["temperature_unknown"][group] == "") == (name in KNOWN)
    if name in KNOWN:
        return
    assert all(np.isnan(data[column].values).all() for column in OF_LAW)
    assert (data["temperature_share"].values == 0).all()
    assert told["temperature_unknown"][0].startswith(f"no effective temperature is known for {name}: ")
    assert "none of torch's own" not in told["temperature_unknown"][0]


def test_the_audit_says_which_optimiser_has_no_temperature(tmp_path: Path) -> None:
    run = watched(tmp_path / "run", torch.optim.RMSprop, steps=13 * EVERY)
    for claim in (ONE_TEMPERATURE, YAIDA, SETTLED):
        row = run.audit()[claim.name]
        assert row.verdict is Verdict.UNCHECKABLE
        assert "No effective temperature is known for RMSprop" in row.detail
    assert "No effective temperature is known for RMSprop" in run.summary()


# By class, not by name


class SGD(torch.optim.Optimizer):
    """Descends by signs."""

    def __init__(self, parameters: Any, lr: float, **settings: Any) -> None:
        super().__init__(parameters, {"lr": lr, **settings})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.add_(parameter.grad.sign(), alpha=-group["lr"])


class AdamW(SGD):
    """Has none of Adam's settings."""


class Renamed(torch.optim.SGD):
    """Changes nothing."""


class Signed(torch.optim.SGD):
    """Changes the gradient before the step it inherits."""

    def step(self, closure: Any = None) -> Any:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad.sign_()
        return super().step(closure)


class Lookahead(torch.optim.Optimizer):
    """Wraps an optimiser and pulls its parameters back now and then; hooks do not run on it."""

    def __init__(self, inner: torch.optim.Optimizer) -> None:
        self.optimizer, self.param_groups = inner, inner.param_groups
        self.state, self.defaults = inner.state, inner.defaults

    def zero_grad(self, set_to_none: bool = True) -> None:
        self.optimizer.zero_grad(set_to_none)

    def step(self, closure: Any = None) -> Any:  # type: ignore[override]
        return self.optimizer.step(closure)


class Foreign:
    """Imitates an optimiser, and holds none of torch's."""

    def __init__(self, parameters: Any) -> None:
        self.param_groups, self.state, self.defaults = [{"params": list(parameters), "lr": 0.1}], {}, {}

    def step(self) -> None: ...


def replaced(parameters: Any) -> torch.optim.Optimizer:
    optimizer = torch.optim.SGD(parameters, lr=0.1)
    plain = optimizer.step
    optimizer.step = lambda closure=None: plain(closure)  # type: ignore[method-assign]
    return optimizer


def scheduled(parameters: Any) -> torch.optim.Optimizer:
    optimizer = torch.optim.SGD(parameters, lr=0.1)
    torch.optim.lr_scheduler.StepLR(optimizer, 1000)  # puts a step of its own on the instance
    return optimizer


NAMES: dict[str, tuple[Make, str]] = {
    "sign descent called SGD": (lambda p: SGD(p, lr=0.1), "SGD: it is none of torch's own"),
    "odd dampening": (lambda p: SGD(p, lr=0.1, momentum=0.9, dampening=True), "SGD: it is none of torch's own"),
    "AdamW without betas": (lambda p: AdamW(p, lr=0.1), "AdamW: it is none of torch's own"),
    "rate that is none": (lambda p: SGD(p, lr=None), "SGD: it is none of torch's own"),
    "own step before torch's": (lambda p: Signed(p, lr=0.1), "Signed: it is none of torch's own"),
    "step replaced": (replaced, "SGD: it is none of torch's own"),
    "wrapped": (lambda p: Lookahead(torch.optim.SGD(p, lr=0.1)), "SGD: its steps are wrapped by Lookahead"),
    "amsgrad": (lambda p: torch.optim.Adam(p, amsgrad=True), "Adam with amsgrad=True"),
    "uphill": (lambda p: torch.optim.SGD(p, lr=0.1, maximize=True), "SGD with maximize=True climbs"),
    "inherited": (lambda p: Renamed(p, lr=0.1), ""),
    "scheduled": (scheduled, ""),
    "momentum in the group": (lambda p: torch.optim.SGD([{"params": list(p), "momentum": 0.9}], lr=0.1), ""),
}


@pytest.mark.parametrize("name", NAMES)
def test_by_class_and_settings(tmp_path: Path, name: str) -> None:
    make, reason = NAMES[name]
    if name == "rate that is none":  # moves nothing, and has no rate to tell
        make = lambda p: _restful(p)  # noqa: E731
    run = watched(tmp_path / "run", make)
    data = run.tree["reservoir"]
    assert (data["noise_variance"].values > 0).all()
    assert np.isfinite(data["temperature_noise"].values).all() == (reason == "")
    ratio = data["noise_variance_loop"].mean("step") / data["noise_variance"].mean("step")
    assert (ratio < 5).all()  # seen once a step, before anything is done to it
    for told in run.attributes["reservoir"]["temperature_unknown"]:
        assert reason in told
        assert bool(told) == bool(reason)
    if name == "momentum in the group":
        noise, temperature = (data[column].values for column in ("noise_variance", "temperature_noise"))
        np.testing.assert_allclose(temperature, 0.1 / (2 * 0.1) * noise, rtol=1e-5)  # r c/[2 (1 − β)]
    if name == "rate that is none":
        assert np.isnan(data["rate"].values).all()


def _restful(parameters: Any) -> torch.optim.Optimizer:
    optimizer = SGD(parameters, lr=0.1)
    optimizer.step = lambda closure=None: None  # type: ignore[method-assign]
    optimizer.step = torch.optim.Optimizer.profile_hook_step(lambda self, closure=None: None).__get__(optimizer)  # type: ignore[method-assign]
    optimizer.param_groups[0]["lr"] = None
    return optimizer


def test_each_group_by_its_own_settings(tmp_path: Path) -> None:
    def make(parameters: Any) -> torch.optim.Optimizer:
        first, second = parameters
        return torch.optim.SGD([{"params": [first], "momentum": 0.5}, {"params": [second], "maximize": True}], lr=0.1)

    run = watched(tmp_path / "run", make)
    data = run.tree["reservoir"]
    np.testing.assert_allclose(
        data["temperature_noise"].values[:, 0], 0.1 * data["noise_variance"].values[:, 0], rtol=1e-5
    )
    assert np.isnan(data["temperature_noise"].values[:, 1]).all()
    assert ["climbs" in told for told in run.attributes["reservoir"]["temperature_unknown"]] == [False, True]


def test_what_has_no_hooks_is_refused(tmp_path: Path) -> None:
    model = network()
    measure = Reservoir(F.cross_entropy, (X, Y), every=EVERY, lags=LAGS, batch_size=8)
    with pytest.raises(SpecError, match=r"Foreign, on which no hook.*give the torch optimiser that it holds"):
        measure.start(Classifier(model, X), 0, Foreign(model.parameters()))  # type: ignore[arg-type]


def test_accelerates_wrapper_is_looked_through(tmp_path: Path) -> None:
    accelerate = pytest.importorskip("accelerate")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        accelerate.Accelerator(cpu=True)
    try:
        runs = [
            watched(tmp_path / str(wrapped), lambda p, wrapped=wrapped: _prepared(accelerate.optimizer, p, wrapped))
            for wrapped in (False, True)
        ]
    finally:
        accelerate.state.AcceleratorState._reset_state(reset_partial_state=True)
        accelerate.state.GradientState._reset_state()
    first, second = (run.tree["reservoir"].to_dataset() for run in runs)
    assert first.equals(second)


def test_accumulated_batches_under_accelerate_are_one_step(tmp_path: Path) -> None:
    accelerate = pytest.importorskip("accelerate")
    model = network()
    moved = [model[0].weight.detach().clone()]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=4)
        prepared, optimizer = accelerator.prepare(model, torch.optim.SGD(model.parameters(), lr=0.1))
        monitor = watch(prepared, optimizer, X, out=tmp_path / "run", every=1, quiet=True)
        for _ in range(16):
            with accelerator.accumulate(prepared):
                accelerator.backward(F.cross_entropy(prepared(X), Y))
                optimizer.step()
                optimizer.zero_grad()
            if not torch.equal(model[0].weight, moved[-1]):
                moved.append(model[0].weight.detach().clone())
            assert monitor.steps == len(moved) - 1
    finally:
        accelerate.state.AcceleratorState._reset_state(reset_partial_state=True)
        accelerate.state.GradientState._reset_state()
    run = monitor.close()
    assert run.data["step"].values.tolist() == [0, 1, 2, 3, 4]
    assert run.attributes["optimizer"]["class"] == "SGD"


def _prepared(optimizers: Any, parameters: Any, wrapped: bool) -> Any:
    optimizer = torch.optim.SGD(parameters, lr=0.1, momentum=0.9)
    return optimizers.AcceleratedOptimizer(optimizer, device_placement=False) if wrapped else optimizer


# How it steps


def test_of_many_closures_in_a_step_the_first_counts(tmp_path: Path) -> None:
    """A line search evaluates gradients elsewhere; the optimiser is at θ only in the first of a step."""

    class Trying(torch.optim.SGD):
        def step(self, closure: Any = None) -> Any:  # type: ignore[override]
            with torch.enable_grad():
                loss = closure()
                kept = [parameter.detach().clone() for parameter in self.param_groups[0]["params"]]
                for parameter in self.param_groups[0]["params"]:
                    parameter.data.fill_(1e3)
                closure()
            for parameter, value in zip(self.param_groups[0]["params"], kept, strict=True):
                parameter.data.copy_(value).add_(parameter.grad.sign(), alpha=-0.01)
            return loss

    def plain(parameters: Any) -> torch.optim.Optimizer:
        return SGD(parameters, lr=0.01)

    tried = watched(tmp_path / "tried", lambda p: Trying(p, lr=0.1), closed=True, steps=BURST)
    found = watched(tmp_path / "plain", plain, steps=BURST)
    first, second = (run.tree["reservoir"]["noise_variance_loop"].values for run in (tried, found))
    assert len(first) == len(second) == 1
    assert 0.2 < float((first / second).mean()) < 5  # gradients at 10³ are many times larger, or none


def test_compiled_steps_are_the_same(tmp_path: Path) -> None:
    """The hooks run outside of what is compiled, and nothing is compiled anew for a burst."""
    frames = []

    def backend(graph: Any, inputs: Any) -> Any:
        frames.append(1)
        return graph.forward

    def compiled(parameters: Any) -> torch.optim.Optimizer:
        optimizer = torch.optim.SGD(parameters, lr=0.1)
        plain = optimizer.step
        optimizer.step = torch.compile(plain, backend=backend)  # type: ignore[method-assign]
        return optimizer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runs = [
            watched(tmp_path / name, make, steps=6 * EVERY).tree["reservoir"]
            for name, make in (("eager", lambda p: torch.optim.SGD(p, lr=0.1)), ("compiled", compiled))
        ]
    torch._dynamo.reset()
    eager, found = (run.to_dataset() for run in runs)
    assert 1 <= len(frames) <= 3
    for name in ("noise_variance", "temperature_noise", "temperature_kinetic", "fdr_ratio"):
        np.testing.assert_allclose(found[name].values, eager[name].values, rtol=1e-5)
    assert not math.isnan(float(found["temperature_noise"].values.min()))
