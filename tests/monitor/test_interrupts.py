"""Ctrl-C inside ``step()`` leaves the run as it was, wherever it lands; two threads do not step one monitor."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from szilard import Classifier, Ledger, Monitor, Reservoir
from szilard.errors import SzilardError
from szilard.models.state.interrupts import uninterrupted

pytestmark = pytest.mark.usefixtures("usual_signals")
X, Y = torch.linspace(-1, 1, 64).reshape(16, 4), torch.arange(16) % 3


class Stop(Exception):
    """What the handler of these tests raises."""


@contextmanager
def signal_after(lines: int) -> Iterator[None]:
    """A signal at this line of szilard's own code; its handler raises within ``Monitor.step`` only."""
    left = lines

    def trace(frame: Any, event: str, _: Any) -> Any:
        nonlocal left
        if "szilard" not in frame.f_code.co_filename:
            return None
        left -= event == "line"
        if left == 0:
            left = -1
            signal.raise_signal(signal.SIGUSR1)
        return trace

    def handler(_: int, frame: Any) -> None:
        while frame is not None:
            if frame.f_code is Monitor.step.__code__:
                raise Stop
            frame = frame.f_back

    before = signal.signal(signal.SIGUSR1, handler)
    tracing = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(tracing)
        with uninterrupted():  # takes away what an interrupt of its own removal has left behind
            pass
        assert signal.getsignal(signal.SIGUSR1) is handler
        signal.signal(signal.SIGUSR1, before)


class Loop:
    """A training that is watched at every step."""

    def __init__(self, out: Path, *, reservoir: bool = False) -> None:
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(4, 5), nn.Dropout(0.5), nn.BatchNorm1d(5), nn.Linear(5, 3))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01)
        measures: list[Any] = [Ledger(every=1, fisher=True)]
        if reservoir:
            measures.append(Reservoir(F.cross_entropy, (X, Y), every=4, lags=(1,), batch_size=8))
        self.monitor = Monitor(Classifier(self.model, X), self.optimizer, out, measures=measures, quiet=True)

    def train(self) -> torch.Tensor:
        loss = F.cross_entropy(self.model(X), Y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def state(self) -> list[Any]:
        """What an interrupted evaluation could have left otherwise."""
        flags = [part.training for part in self.model.modules()]
        modes = torch.is_grad_enabled(), torch.is_autocast_enabled("cpu"), torch.are_deterministic_algorithms_enabled()
        tensors = [torch.get_rng_state(), *self.model.state_dict().values()]
        return [flags, modes, [tensor.tolist() for tensor in tensors]]


def _interrupt(loop: Loop, line: int) -> bool:
    """One step, interrupted there; whether it was."""
    loss = loop.train()
    before = loop.state()
    try:
        with signal_after(line):
            loop.monitor.step(loss)
    except Stop:
        assert loop.state() == before, f"after an interrupt at line {line}"
        return True
    assert loop.state() == before
    return False


@pytest.mark.parametrize("reservoir", [False, True])
def test_an_interrupt_anywhere_leaves_the_run_as_it_was(tmp_path, reservoir):
    loop = Loop(tmp_path / "run", reservoir=reservoir)
    interrupted = [_interrupt(loop, line) for line in (*range(1, 60, 4), *range(60, 700, 41))]
    assert sum(interrupted) > 15
    for _ in range(20):
        loop.monitor.step(loop.train())
    run = loop.monitor.close()
    assert run.complete
    assert run.data.step.values[-1] >= 20


def test_handlers_are_those_of_before_and_called_in_turn():
    called: list[str] = []
    handlers: dict[int, Callable[..., Any]] = {
        signal.SIGUSR1: lambda *_: called.append("one"),
        signal.SIGUSR2: lambda *_: called.append("two"),
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        with uninterrupted():
            for number in handlers:
                signal.raise_signal(number)
            with uninterrupted():
                called.append("inner")
            called.append("end")
        assert called == ["inner", "end", "one", "two"]
        assert {number: signal.getsignal(number) for number in handlers} == handlers
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_a_second_ctrl_c_passes_at_once():
    reached = []

    def twice() -> None:
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            reached.append("first")
            signal.raise_signal(signal.SIGINT)
            reached.append("second")

    with pytest.raises(KeyboardInterrupt):
        twice()
    assert reached == ["first"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_one_of_several_handlers_raises_and_all_are_called():
    called: list[str] = []

    def raising(*_: Any) -> None:
        called.append("raising")
        raise Stop

    before = signal.signal(signal.SIGUSR1, raising), signal.signal(signal.SIGUSR2, lambda *_: called.append("other"))
    try:
        with pytest.raises(Stop), uninterrupted():
            signal.raise_signal(signal.SIGUSR1)
            signal.raise_signal(signal.SIGUSR2)
        assert called == ["raising", "other"]
    finally:
        signal.signal(signal.SIGUSR1, before[0])
        signal.signal(signal.SIGUSR2, before[1])


def test_a_second_thread_is_refused_and_the_next_one_counted(tmp_path):
    loop = Loop(tmp_path / "run")
    loop.monitor.step(loop.train())
    said: list[str] = []

    def stepping(number: int = 1) -> None:
        for _ in range(number):
            try:
                loop.monitor.step()
            except SzilardError as error:
                said.append(str(error))

    other = threading.Thread(target=stepping, name="worker")
    other.start()
    other.join()
    assert len(said) == 1
    assert "'worker' stepped it too" in said[0]
    assert loop.monitor.close().data.step.values.tolist() == [0, 1]


def test_a_loop_may_go_on_in_another_thread_once_the_first_has_ended(tmp_path):
    loop = Loop(tmp_path / "run")
    for _ in range(2):
        thread = threading.Thread(target=lambda: [loop.monitor.step(loop.train()) for _ in range(3)])
        thread.start()
        thread.join()
    assert loop.monitor.close().data.step.values.tolist() == list(range(7))
