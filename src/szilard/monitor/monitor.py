"""Attach szilard to a loop: three lines, and nothing about the run changes."""

from __future__ import annotations

import atexit
import sys
import time
import warnings
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, final

import torch
from torch import Tensor

from szilard.errors import SpecError, SzilardError, SzilardWarning
from szilard.models.evaluation import undisturbed
from szilard.models.ppm import PPM
from szilard.monitor.describe import describe
from szilard.monitor.ledger.measure import DEFAULT_PATH_INTERVALS, Ledger
from szilard.monitor.loss import LossMeter
from szilard.monitor.measure import Follower, Measure
from szilard.monitor.rhythm import Rhythm
from szilard.monitor.rows import Rows
from szilard.monitor.scribe import LoopNote, Scribe
from szilard.monitor.watch import Watch
from szilard.records.schema import Group

if TYPE_CHECKING:
    from szilard.handle import Run

_FLUSH_SECONDS = 5.0
_INTERVAL = "path_interval"


@final
class Monitor:
    """Watches a model train and keeps the record.

    The first record is the model as it stands now; W, Q and L are cumulative since. Call :meth:`step` after every
    ``optimizer.step()`` and :meth:`close` at the end, or use it as a context manager.

    Args:
        ppm: what is measured, for example ``szilard.Classifier(model, inputs=probe)``.
        optimizer: recorded (its settings, and the learning rate at every record); never touched.
        out: directory of the record.
        every: training steps between records, fixed. None: chosen once from ``budget``.
        budget: without ``every``: the share of the loop's time that watching may take. The first 24 steps are timed and
            not recorded, then the interval is fixed, printed and recorded.
        path_intervals: multiples of the interval at which W, Q and L are accumulated as well.
        measures: what to watch, when more than the default ledger; a measure without ``every`` follows the above, or
            its own budget where it has one.
        seed: of the monitor's own random numbers; the run's are never touched.
        overwrite: replace an existing record in ``out``.
        quiet: print nothing.
        attributes: further entries for the record (JSON), such as a name.

    Raises:
        ModelError: if the model cannot be measured.
        SpecError: for an interval, budget or measure that makes no sense.
        RecordError: if ``out`` exists and ``overwrite`` is not given, or cannot be written.

    Example:
        >>> import tempfile, torch, szilard
        >>> model = torch.nn.Linear(4, 3)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> inputs, labels = torch.eye(4), torch.tensor([0, 1, 2, 0])
        >>> out = tempfile.mkdtemp() + "/run"
        >>> with szilard.Monitor(szilard.Classifier(model, inputs), optimizer, out=out, every=5) as monitor:
        ...     for _ in range(20):
        ...         loss = torch.nn.functional.cross_entropy(model(inputs), labels)
        ...         optimizer.zero_grad(); loss.backward(); optimizer.step()
        ...         monitor.step(loss=loss)
        >>> run = szilard.open(out)
        >>> int(run.data.step[-1]), bool(run.data.work[-1] > 0)
        (20, True)
    """

    def __init__(
        self,
        ppm: PPM,
        optimizer: torch.optim.Optimizer | None = None,
        out: str | Path = "runs/latest",
        *,
        every: int | None = None,
        budget: float = 0.05,
        path_intervals: Sequence[int] = DEFAULT_PATH_INTERVALS,
        measures: Sequence[Measure] | None = None,
        seed: int = 0,
        overwrite: bool = False,
        quiet: bool = False,
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        if not 0 < budget < 1:
            raise SpecError(f"budget is a share of the loop's time, between 0 and 1, not {budget!r}: 0.05 is 5 %.")
        default = Ledger(every=every, path_intervals=path_intervals)
        chosen = [default] if measures is None else list(measures)
        if not chosen:
            raise SpecError("measures is empty, so there is nothing to watch: leave it out for the default ledger.")
        self._ppm = ppm
        self._optimizer = optimizer
        self._quiet = quiet
        self._step = 0
        self._loss = LossMeter()
        self._broken = self._closed = False
        self._watches = [Watch.of(measure, measure.start(ppm, seed, optimizer), default.every) for measure in chosen]
        self._main = next((watch for watch in self._watches if watch.keeps_ledger), self._watches[0])
        self._followers = [watch.recorder for watch in self._watches if isinstance(watch.recorder, Follower)]
        self._following: list[Follower] = []
        self._rhythm = Rhythm(self._watches, budget, ppm, lambda: _clock(ppm.device))
        self._scribe = self._open_record(Path(out), overwrite, {"seed": seed, **(attributes or {})})
        self._begin = self._flushed = time.perf_counter()
        self._observe(self._watches)
        self._flush()
        atexit.register(_flush_at_exit, weakref.ref(self))

    def step(self, loss: float | Tensor | None = None) -> None:
        """One training step is done: call it after ``optimizer.step()``.

        Args:
            loss: this step's training loss, recorded as a mean with its error since the previous record; optional.

        Raises:
            SzilardError: if the monitor is closed.
        """
        if self._closed:
            raise SzilardError("this monitor is closed: make a new one, with another directory, to go on watching.")
        self._step += 1
        if self._broken:
            return
        if loss is not None and not self._loss.add(loss):
            self._flush()
            self._owed()
            self._break(self._step, "the training loss is not finite")
            return
        if self._following:
            self._follow()
        elif not self._rhythm.settled and self._rhythm.step():
            self._settle()
            return
        due = [watch for watch in self._watches if watch.due(self._step)]
        if due:
            self._observe(due)
        late = time.perf_counter() - self._flushed > _FLUSH_SECONDS
        if late or any(watch.recorder.full for watch in due):
            self._flush()
        if not self._rhythm.settled:
            self._rhythm.resume()

    @property
    def broken(self) -> bool:
        """Whether something was not finite, so that recording has ended; on a GPU that shows at the next flush only."""
        return self._broken

    def annotate(self, **attributes: Any) -> None:
        """Adds to what the record says beside its numbers, or changes it.

        Args:
            **attributes: as JSON can hold them.

        Raises:
            SzilardError: if the monitor is closed.
        """
        if self._closed:
            raise SzilardError("this monitor is closed: annotate the record before close().")
        self._scribe.writer.annotate(**attributes)

    def close(self) -> Run:
        """Records the model as it stands, commits everything and returns the run. Closing twice is closing once.

        Raises:
            SzilardError: if no step was ever made; what was recorded is kept, marked as broken.
            RecordError: if rows could not be written, for example on a full disk; call again when there is room.
        """
        if not self._closed and self._step == 0:
            self._finish("broken", "the monitor was closed before its first step")
            raise SzilardError(
                f"the monitor was closed before its first step, so {self._scribe.writer.path} holds the first model "
                "only: call monitor.step() after optimizer.step()."
            )
        self._finish("complete", None)
        from szilard.handle import Run

        return Run(self._scribe.writer.path)

    def __enter__(self) -> Monitor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        elif not self._closed:
            try:
                self._finish("broken", f"the loop ended with {kind.__name__}")
            except SzilardError as problem:  # the loop's own error is what matters
                self._warn(str(problem))

    def _open_record(self, out: Path, overwrite: bool, attributes: Mapping[str, Any]) -> Scribe:
        from szilard.records.writer import RecordWriter

        groups = self._groups()
        if len({group.name for group in groups}) != len(groups):
            raise SpecError("two measures write to the same group of the record: give each kind of measure once.")
        rhythm = {
            "kind_of_run": "single",
            "every": self._main.every,
            "every_chosen_by": "budget" if self._main.every is None else "user",
            "budget": self._rhythm.budget_of(self._main),
        }
        for watch in self._watches:
            if watch.budget is not None:  # a rhythm of its own
                rhythm |= {f"{watch.name}_every": watch.every, f"{watch.name}_budget": self._rhythm.budget_of(watch)}
        precision = self._main.recorder.precision
        described = describe(self._ppm, self._optimizer, precision) | rhythm
        for watch in self._watches:
            described |= getattr(watch.recorder, "attributes", {})  # settings, where it has any to tell
        described |= attributes
        scribe = Scribe(RecordWriter(out, groups=groups, attributes=described, overwrite=overwrite))
        self._name_intervals(scribe)
        if precision.flagged:
            self._warn(
                f"the forward pass is in {precision.name}, so small changes of φ drown in rounding; "
                "the record is flagged. Watch a float32 forward pass if you can."
            )
        return scribe

    def _groups(self) -> list[Group]:
        return [group for watch in self._watches for group in watch.recorder.groups]

    def _name_intervals(self, scribe: Scribe) -> None:
        """Measuring intervals are named in training steps, once ``every`` is known; until then in records."""
        for watch in self._watches:
            for group in watch.recorder.groups:
                if watch.every is not None and _INTERVAL in group.coordinates:
                    steps = [watch.every * number for number in group.coordinates[_INTERVAL]]
                    scribe.writer.set_coordinate(group.name, _INTERVAL, steps)

    def _settle(self) -> None:
        """The intervals are known: records begin."""
        due: list[Watch] = []
        for watches, timed, sentence in self._rhythm.settle():
            self._say(sentence)
            due += watches
            for watch in watches:
                if watch is self._main or watch.budget is not None:
                    prefix = "" if watch is self._main else f"{watch.name}_"
                    found = {f"{prefix}every": watch.every, f"{prefix}calibration": timed}
                    self._scribe.writer.annotate(**found)
        self._name_intervals(self._scribe)
        self._observe([watch for watch in self._watches if watch in due or watch.due(self._step)])
        self._flush()

    def _follow(self) -> None:
        """Tells of the step that is done whoever looks at steps, until each has seen enough."""
        for recorder in self._following:
            recorder.follow(self._step)
        self._following = [recorder for recorder in self._following if recorder.following]

    def _observe(self, watches: Sequence[Watch], ragged: bool = False) -> None:
        with undisturbed(self._ppm.module, self._ppm.device):
            for watch in watches:
                watch.recorder.observe(watch.occasion(self._step, ragged))
        # the loop's numbers go into the ledger: another measure's record must not use up the loss
        if any(watch.keeps_ledger for watch in watches):
            wall_time = time.perf_counter() - self._begin
            self._scribe.note(self._step, LoopNote.of(wall_time, self._optimizer, self._loss.drain()))
        self._following = [recorder for recorder in self._followers if recorder.following]

    def _flush(self) -> None:
        """Accounts for what was observed and writes it, unless the run has broken."""
        if not self._broken:
            self._write([rows for watch in self._watches for rows in watch.recorder.rows()])
        self._flushed = time.perf_counter()

    def _owed(self) -> None:
        """Writes the rows that recorders have held back until the end, unless the run has broken."""
        if not self._broken:
            self._write([rows for watch in self._watches for rows in watch.recorder.finish()])

    def _write(self, tables: Sequence[Rows]) -> None:
        found = self._scribe.write(tables)
        if found is not None:
            self._break(*found)

    def _break(self, step: int, because: str) -> None:
        self._flush()  # what was observed before is kept, and may itself hold an earlier break
        if not self._broken:
            self._broken = True
            self._scribe.writer.annotate(status="broken", broken_at_step=step, broken_because=because)
            kept = "What was recorded before is kept; training goes on."
            self._leave()
            self._warn(f"the run broke at step {step}: {because}. {kept}")

    def _leave(self) -> None:
        """Recording has ended, and nothing of it stays on the loop."""
        for recorder in self._followers:
            recorder.leave()
        self._following = []

    def _finish(self, status: str, because: str | None) -> None:
        if self._closed:
            return
        if not self._broken:
            late = [watch for watch in self._watches if watch.last < self._step]
            if late and status == "complete":
                self._observe(late, ragged=True)
            self._flush()
        self._owed()
        self._leave()
        if because is not None and not self._broken:
            self._scribe.writer.annotate(status=status, broken_at_step=self._step, broken_because=because)
        self._scribe.writer.close(status=status)
        self._closed = True

    def _say(self, message: str) -> None:
        if not self._quiet:
            print(f"szilard: {message}", file=sys.stderr)

    def _warn(self, message: str) -> None:
        warnings.warn(message, SzilardWarning, stacklevel=5)


def _flush_at_exit(monitor: weakref.ref[Monitor]) -> None:
    """What a loop that ended without ``close()``, by Ctrl-C or an error, had observed but not yet written."""
    left = monitor()
    if left is not None and not left._closed:
        left._flush()
        left._owed()


def _clock(device: torch.device) -> float:
    """Now, with the device's queue empty; used only while calibrating."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
