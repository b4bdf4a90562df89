"""A run that nobody closes writes what it had observed: out of scope, at the end of the program, and told to end."""

from __future__ import annotations

import gc
import multiprocessing
import os
import shutil
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import szilard
from szilard.errors import RecordError, SzilardWarning
from szilard.monitor import leaving

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning"),
    pytest.mark.usefixtures("usual_signals"),
]
STEPS = 5
SIGNALS = ["SIGTERM", "SIGHUP"]


def watched(out: Path, steps: int = STEPS, overwrite: bool = False) -> szilard.Monitor:
    """A monitor that has observed some steps, and written the first model only."""
    model = torch.nn.Linear(4, 3)
    monitor = szilard.Monitor(
        szilard.Classifier(model, torch.eye(4)), out=out, every=1, quiet=True, overwrite=overwrite
    )
    for _ in range(steps):
        with torch.no_grad():
            model.weight += 0.1
        monitor.step()
    return monitor


def steps_in(out: Path) -> list[int]:
    run = szilard.open(out)
    assert run.status == "incomplete"
    return list(run.data["step"].values.tolist())


def in_a_child(do: Callable[[], object]) -> int:
    """How a forked child ends that does this, as ``waitpid`` says it."""
    if (pid := os.fork()) == 0:
        try:
            do()
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(9)
        os._exit(0)
    return os.waitpid(pid, 0)[1]


def test_out_of_scope(tmp_path: Path) -> None:
    monitor = watched(tmp_path / "run")
    assert steps_in(tmp_path / "run") == [0], "the rows wait"
    with pytest.raises(RecordError, match="being written by this process"):
        watched(tmp_path / "run", overwrite=True)
    del monitor
    gc.collect()
    assert steps_in(tmp_path / "run") == list(range(STEPS + 1))
    watched(tmp_path / "run", overwrite=True).close()


def test_the_own_steps_of_an_optimizer_end_with_it(tmp_path: Path) -> None:
    """``watch`` needs no further line: where everything goes out of scope the run is over."""

    def train() -> None:
        model = torch.nn.Linear(4, 3)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        szilard.watch(model, optimizer, torch.eye(4), out=tmp_path / "run", every=1, quiet=True)
        for _ in range(STEPS):
            optimizer.zero_grad()
            model(torch.eye(4)).square().sum().backward()
            optimizer.step()

    train()
    gc.collect()
    run = szilard.open(tmp_path / "run")
    assert (run.status, run.data.sizes["step"]) == ("complete", STEPS + 1)


def test_a_cell_of_a_notebook_may_be_run_again(tmp_path: Path) -> None:
    """However long the garbage collector sleeps; while somebody still trains there it is said what to do."""

    def cell(overwrite: bool = True) -> torch.optim.Optimizer:
        model = torch.nn.Linear(4, 3)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        settings = {"out": tmp_path / "run", "every": 1, "quiet": True, "overwrite": overwrite}
        szilard.watch(model, optimizer, torch.eye(4), **settings)
        return optimizer

    gc.disable()
    try:
        cell()
        optimizer = cell()
        with pytest.raises(RecordError, match=r"its monitor's close.*let go of the optimiser that is watched"):
            cell()
        del optimizer
        with pytest.raises(RecordError, match="already holds a record"):
            cell(overwrite=False)
        cell()
    finally:
        gc.enable()
        gc.collect()


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_ends_the_process_as_ever_and_costs_nothing(tmp_path: Path, name: str) -> None:
    number = getattr(signal, name)

    def killed() -> None:
        monitor = watched(tmp_path / "run")
        os.kill(os.getpid(), number)
        time.sleep(5)
        monitor.close()

    assert os.WTERMSIG(in_a_child(killed)) == number
    assert steps_in(tmp_path / "run") == list(range(STEPS + 1))


def test_a_signal_in_the_midst_of_a_record_waits_for_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from szilard.monitor.session import RecordingSession

    observe = RecordingSession.observe

    def interrupted(self: RecordingSession, *arguments: object) -> None:
        if self.steps == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        observe(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(RecordingSession, "observe", interrupted)
    assert os.WTERMSIG(in_a_child(lambda: watched(tmp_path / "run"))) == signal.SIGTERM
    assert steps_in(tmp_path / "run") == [0, 1, 2, 3]


@pytest.mark.parametrize("end", ["annotate", "leave"])
def test_a_signal_that_comes_while_rows_are_guarded_waits(tmp_path: Path, end: str) -> None:
    """Its handler would wait for ever for what it has interrupted."""

    class Guard:
        def __init__(self) -> None:
            self.lock, self.signals = threading.Lock(), 1

        def __enter__(self) -> None:
            self.lock.acquire()
            if threading.current_thread() is threading.main_thread() and self.signals:
                self.signals -= 1
                os.kill(os.getpid(), signal.SIGTERM)

        def __exit__(self, *_: object) -> None:
            self.lock.release()

    def interrupted() -> None:
        signal.alarm(20)
        monitor = watched(tmp_path / "run")
        monitor._session.writer.record._waiting._guard = Guard()  # type: ignore[assignment]
        monitor.annotate(note="kept") if end == "annotate" else leaving._leave_all()

    assert os.WTERMSIG(in_a_child(interrupted)) == signal.SIGTERM
    assert steps_in(tmp_path / "run") == list(range(STEPS + 1))


def test_the_last_monitor_may_be_closed_in_another_thread(tmp_path: Path) -> None:
    """Which may set no handlers: ours stay, call what was there before, and go with the next."""
    called: list[int] = []
    kept = signal.signal(signal.SIGTERM, lambda number, frame: called.append(number))
    try:
        before = signal.getsignal(signal.SIGTERM)
        thread = threading.Thread(target=watched(tmp_path / "run").close)
        thread.start()
        thread.join()
        signal.raise_signal(signal.SIGTERM)
        assert called == [signal.SIGTERM]
        watched(tmp_path / "other").close()
        assert signal.getsignal(signal.SIGTERM) is before
    finally:
        signal.signal(signal.SIGTERM, kept)


def test_handlers_of_others_are_called_and_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was there before; one that is set later, with or without calling ours; none that ignores is touched."""
    called = []

    def before(number: int, frame: object) -> None:
        called.append((number, steps_in(tmp_path / "run")))

    monkeypatch.setattr(leaving, "_SIGNALS", [signal.SIGTERM, signal.SIGHUP])
    kept = signal.signal(signal.SIGTERM, before), signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        monitor = watched(tmp_path / "run")
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        signal.raise_signal(signal.SIGTERM)
        assert called == [(signal.SIGTERM, list(range(STEPS + 1)))], "written before, and training goes on"
        ours = signal.getsignal(signal.SIGTERM)
        later = signal.signal(signal.SIGTERM, lambda number, frame: (called.append(1), ours(number, frame)))  # type: ignore
        assert later is ours
        signal.raise_signal(signal.SIGTERM)
        assert [item if item == 1 else "before" for item in called[1:]] == [1, "before"]
        set_later = signal.getsignal(signal.SIGTERM)
        monitor.close()
        assert signal.getsignal(signal.SIGTERM) is set_later
        signal.signal(signal.SIGTERM, before)
        watched(tmp_path / "other").close()
        assert signal.getsignal(signal.SIGTERM) is before
    finally:
        for number, handler in zip((signal.SIGTERM, signal.SIGHUP), kept, strict=True):
            signal.signal(number, handler)


def test_a_training_in_another_thread_writes_at_its_next_step(tmp_path: Path) -> None:
    go, seen = threading.Event(), []

    def train() -> None:
        model = torch.nn.Linear(4, 3)
        with szilard.Monitor(szilard.Classifier(model, torch.eye(4)), out=tmp_path / "run", every=1, quiet=True) as run:
            for step in range(3):
                run.step()
                if step == 1:
                    go.set()
                    while not run._session.late:
                        time.sleep(0.002)
            seen.append(steps_in(tmp_path / "run"))

    kept = signal.signal(signal.SIGTERM, lambda number, frame: None)
    try:
        with_handlers = watched(tmp_path / "of the main thread", steps=1)
        thread = threading.Thread(target=train)
        thread.start()
        assert go.wait(20)
        signal.raise_signal(signal.SIGTERM)
        thread.join()
        with_handlers.close()
    finally:
        signal.signal(signal.SIGTERM, kept)
    assert seen == [[0, 1, 2, 3]]


def test_a_fork_is_none_of_its_business(tmp_path: Path) -> None:
    """Its signals act as ever, its end writes nothing, and its steps are not recorded."""
    monitor = watched(tmp_path / "run")

    def child() -> None:
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        leaving._leave_all()
        with pytest.warns(SzilardWarning, match="from which this one was forked: nothing is recorded here"):
            for _ in range(20):
                monitor.step()

    assert in_a_child(child) == 0
    monitor.close()
    run = szilard.open(tmp_path / "run")
    assert (run.status, run.data["step"].values.tolist()) == ("complete", list(range(STEPS + 1)))


def test_what_is_said_at_the_end_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a directory that is gone: nobody is told that training goes on, and the rows are where it is said."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "elsewhere"))
    monitor = watched(tmp_path / "run")
    shutil.rmtree(tmp_path / "run")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del monitor
        gc.collect()
    (said,) = [str(each.message) for each in caught]
    (place,) = (tmp_path / "elsewhere").iterdir()
    assert f"they are in {place}" in said and "goes on" not in said and "call close()" not in said
    assert steps_in(place)[-1] == STEPS


KEPT: list[szilard.Monitor] = []


def _keep_watching(out: str) -> None:
    KEPT.append(watched(Path(out)))


def test_a_process_of_multiprocessing_ends_like_any_other(tmp_path: Path) -> None:
    """Its interpreter never shuts down: what it keeps would not be asked to leave."""
    process = multiprocessing.get_context("fork").Process(target=_keep_watching, args=(str(tmp_path / "run"),))
    process.start()
    process.join()
    assert process.exitcode == 0
    assert steps_in(tmp_path / "run") == list(range(STEPS + 1))


def _watch_and_raise(out: str, error: BaseException) -> None:
    model = torch.nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    KEPT.append(szilard.watch(model, optimizer, torch.eye(4), out=out, every=1, quiet=True))
    for _ in range(STEPS):
        model(torch.eye(4)).square().sum().backward()
        optimizer.step()
    raise error


ENDS = [(ZeroDivisionError(), "ZeroDivisionError"), (SystemExit(2), "SystemExit(2)"), (SystemExit(0), None)]


@pytest.mark.parametrize("where", ["a thread", "a process", "a block"])
@pytest.mark.parametrize(("error", "name"), ENDS)
def test_what_ends_by_an_error_is_broken(tmp_path: Path, where: str, error: BaseException, name: str | None) -> None:
    """And by an exit that reports success it is complete, wherever the loop runs."""
    out = str(tmp_path / "run")
    before = threading.excepthook
    if where == "a process":
        process = multiprocessing.get_context("fork").Process(target=_watch_and_raise, args=(out, error))
        process.start()
        process.join()
    elif where == "a thread":
        reported: list[object] = []
        threading.excepthook = lambda args: reported.append(args.exc_type)
        try:
            thread = threading.Thread(target=_watch_and_raise, args=(out, error))
            thread.start()
            thread.join()
            leaving.leave(KEPT.pop()._session)
        finally:
            threading.excepthook = before
        assert reported == [type(error)]
    else:
        with pytest.raises(type(error)), watched(tmp_path / "run"):
            raise error
    run = szilard.open(out)
    assert (run.status, run.data.sizes["step"]) == ("complete" if name is None else "broken", STEPS + 1)
    if name is not None:
        kind = type(error).__name__
        said = f"the loop ended with {kind}" if where == "a block" else f"the program ended with {name}"
        assert run.attributes["broken_because"] == said


def test_what_tells_of_the_programs_end_is_taken_away(tmp_path: Path) -> None:
    """With the last run; what others put over it stays and works."""
    gc.collect()
    before = sys.exit, threading.excepthook
    watched(tmp_path / "first").close()
    assert (sys.exit, threading.excepthook) == before
    monitor = watched(tmp_path / "second")
    ours = sys.exit
    assert ours is not before[0]
    over = sys.exit = lambda status=None: ours(status)  # type: ignore[assignment,misc]
    try:
        monitor.close()
        watched(tmp_path / "third").close()
        assert sys.exit is over
        with pytest.raises(SystemExit, match="4"):
            sys.exit(4)
    finally:
        sys.exit = before[0]
