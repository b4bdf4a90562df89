"""The monitor never causes a compiled model to be compiled again, nor runs the compiled code on the probe."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from szilard import Classifier, Ledger, Monitor, watch

pytestmark = pytest.mark.slow

STEPS = 5


class Backend:
    """Counts graphs compiled and calls made; runs them as they are, without a C++ compiler."""

    def __init__(self) -> None:
        self.compiled = self.calls = 0

    def __call__(self, graph: torch.fx.GraphModule, example_inputs: list[Tensor]) -> Callable[..., object]:
        self.compiled += 1

        def call(*arguments: object) -> object:
            self.calls += 1
            return graph(*arguments)

        return call


class Net(nn.Module):
    """Its forward pass depends on the mode."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(5, 6), nn.BatchNorm1d(6), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(F.dropout(F.relu(self.norm(self.first(x))), 0.5, self.training))


def net() -> Net:
    torch.manual_seed(0)
    return Net()


def whole(model: Net, backend: Backend) -> nn.Module:
    return torch.compile(model, backend=backend)


def in_place(model: Net, backend: Backend) -> nn.Module:
    model.compile(backend=backend)
    return model


def part(model: Net, backend: Backend) -> nn.Module:
    model.first = torch.compile(model.first, backend=backend)
    return model


@pytest.fixture(autouse=True)
def _fresh_compiler() -> Iterator[None]:
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def train(
    compile_: Callable[[Net, Backend], nn.Module], out: Path | None, fisher: bool
) -> tuple[Backend, list[Tensor]]:
    backend = Backend()
    model = compile_(net(), backend)
    torch.manual_seed(1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    probe = torch.linspace(-1, 1, 20).reshape(4, 5)
    monitor = None
    if out is not None:
        measures = [Ledger(every=1, fisher=fisher)]
        monitor = Monitor(Classifier(model, probe), optimizer, out, measures=measures, quiet=True)
        assert backend.calls == 0
    for _ in range(STEPS):
        loss = F.cross_entropy(model(torch.randn(8, 5)), torch.randint(3, (8,)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if monitor is not None:
            monitor.step(loss)
    if monitor is not None:
        assert float(monitor.close().data["work"][-1]) > 0
    return backend, [tensor.detach() for tensor in model.state_dict().values()]


@pytest.mark.parametrize("fisher", [False, True], ids=["", "Fisher form"])
@pytest.mark.parametrize("compile_", [whole, in_place, part])
def test_no_recompilation(tmp_path, compile_, fisher):
    plain, state = train(compile_, None, fisher)
    torch._dynamo.reset()
    watched, watched_state = train(compile_, tmp_path / "run", fisher)
    assert (watched.compiled, watched.calls) == (plain.compiled, plain.calls)
    assert plain.compiled == 1 and plain.calls == STEPS
    for ours, theirs in zip(state, watched_state, strict=True):
        assert torch.equal(ours, theirs)


def test_the_count_sees_a_recompilation():
    """The test can fail: a change of mode without the monitor's care compiles the model once more."""
    backend = Backend()
    model = whole(net(), backend)
    model(torch.randn(8, 5))
    model.eval()
    model(torch.randn(8, 5))
    assert backend.compiled == 2


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("region", ["step", "whole iteration"])
def test_a_compiled_step_of_the_optimiser_is_counted(tmp_path: Path, region: str, late: bool) -> None:
    """Its hooks are traced with it: they leave the compiled region, and a record is that of the eager loop."""

    def watched(out: Path, compiles: bool) -> list[float]:
        torch._dynamo.reset()
        torch.manual_seed(0)
        model = nn.Linear(4, 3)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

        def step() -> None:
            optimizer.step()

        def iteration() -> None:
            optimizer.zero_grad()
            F.cross_entropy(model(torch.eye(4)), torch.arange(4) % 3).backward()
            step()

        if compiles:
            step = torch.compile(step, backend="eager") if region == "step" else step
            iteration = torch.compile(iteration, backend="eager") if region != "step" else iteration
        if late:
            iteration()
        monitor = watch(model, optimizer, torch.eye(4), out=out, every=1, quiet=True)
        for _ in range(STEPS):
            iteration()
        run = monitor.close()
        assert run.data["step"].values.tolist() == list(range(STEPS + 1))
        work: list[float] = run.data["work"].values.tolist()
        return work

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the compiler's own
        assert watched(tmp_path / "compiled", True) == pytest.approx(watched(tmp_path / "eager", False), rel=1e-6)
    torch._dynamo.reset()
