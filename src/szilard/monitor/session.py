"""What a monitor does with a run: observes, accounts for what was observed, writes it, and ends where it breaks."""

from __future__ import annotations

import atexit
import sys
import threading
import time
import warnings
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

from torch import Tensor, optim

from szilard.errors import SzilardError, SzilardWarning
from szilard.models.evaluation import undisturbed
from szilard.models.interrupts import uninterrupted
from szilard.models.ppm import PPM
from szilard.monitor.loop import LoopState, LossMeter
from szilard.monitor.record import describe, open_record, record_intervals
from szilard.monitor.rows import Rows, RowWriter
from szilard.monitor.schedule import Followers, Schedule, ScheduledRecorder

_FLUSH_SECONDS = 5.0


@final
class RecordingSession:
    """One run under way: its recorders, its record and the steps done.

    Args:
        ppm: what is measured.
        optimizer: of the loop; None where there is none.
        recorders: of all measures.
        budget: share of the loop's time for those without an interval or a budget of their own.
        out: directory of the record.
        overwrite: replace an existing record.
        quiet: print nothing.
        attributes: further entries for the record.

    Raises:
        SpecError: if two recorders write to the same group.
        RecordError: if ``out`` exists and is not to be replaced, or cannot be written.
    """

    def __init__(
        self,
        ppm: PPM,
        optimizer: optim.Optimizer | None,
        recorders: Sequence[ScheduledRecorder],
        budget: float,
        out: Path,
        *,
        overwrite: bool,
        quiet: bool,
        attributes: Mapping[str, Any],
    ) -> None:
        self._ppm = ppm
        self._optimizer = optimizer
        self._quiet = quiet
        self.steps = 0
        """Training steps done."""
        self.broken = self.closed = False
        self._loss = LossMeter()
        self._thread = threading.current_thread()
        self.schedule = Schedule(recorders, budget, ppm)
        self._followers = Followers(each.recorder for each in recorders)
        self.writer = self._open_record(out, overwrite, attributes)
        self._begin = self._flushed = time.perf_counter()
        self.observe(recorders)
        self.flush()
        atexit.register(_flush_at_exit, weakref.ref(self))

    def step(self, loss: float | Tensor | None) -> None:
        """A training step is done: records whatever is due after it."""
        self._check_thread()
        self.steps += 1
        if self.broken:
            return
        finite = loss is None or self._loss.add(loss)
        late = time.perf_counter() - self._flushed > _FLUSH_SECONDS
        if not finite or late or self._followers or not self.schedule.settled or self.schedule.due(self.steps):
            with uninterrupted():
                self._attend(finite, late)

    def _attend(self, finite: bool, late: bool) -> None:
        """What a step asks for beyond being counted."""
        if not finite:
            self.flush()
            self.owed()
            self.end(self.steps, "the training loss is not finite")
            return
        if self._followers:
            self._followers.follow(self.steps)
        elif not self.schedule.settled and self.schedule.step():
            self._settle()
            return
        due = self.schedule.due(self.steps)
        if due:
            self.observe(due)
        if late or any(each.recorder.full for each in due):
            self.flush()
        if not self.schedule.settled:
            self.schedule.resume()

    def _check_thread(self) -> None:
        """Steps of one thread are counted; another one's model would be evaluated in the middle of its training."""
        if threading.get_ident() == self._thread.ident:
            return
        if self.steps and self._thread.is_alive():
            raise SzilardError(
                f"this monitor counts the steps of thread {self._thread.name!r}, and "
                f"{threading.current_thread().name!r} stepped it too: call step() in one thread only, for a record "
                "evaluates the model while no other trains it."
            )
        self._thread = threading.current_thread()

    def _open_record(self, out: Path, overwrite: bool, attributes: Mapping[str, Any]) -> RowWriter:
        precision = self.schedule.main.recorder.precision
        described = describe(self._ppm, self._optimizer, precision)
        writer = open_record(out, described, self.schedule, overwrite=overwrite, attributes=attributes)
        if precision.flagged:
            self.warn(
                f"the forward pass is in {precision.name}, so small changes of φ drown in rounding; "
                "the record is flagged. Watch a float32 forward pass if you can."
            )
        return writer

    def _settle(self) -> None:
        """The intervals are known: records begin."""
        found = self.schedule.settle()
        for interval in found:
            self._say(interval.sentence)
        record_intervals(self.writer, self.schedule, found)
        settled = [each for interval in found for each in interval.recorders]
        self.observe([each for each in self.schedule.recorders if each in settled or each.due(self.steps)])
        self.flush()

    def observe(self, recorders: Sequence[ScheduledRecorder], ragged: bool = False) -> None:
        """Shows the model as it stands to these recorders; ``ragged`` where the run ends off their interval."""
        with undisturbed(self._ppm.module, self._ppm.device):
            for each in recorders:
                each.observe(self.steps, ragged)
        # the loop's numbers go into the ledger: another measure's record must not use up the loss
        if any(each.keeps_ledger for each in recorders):
            wall_time = time.perf_counter() - self._begin
            self.writer.note(self.steps, LoopState.of(wall_time, self._optimizer, self._loss.drain()))
        self._followers.look()

    def flush(self) -> None:
        """Accounts for what was observed and writes it, unless the run has broken."""
        if not self.broken:
            self._write([rows for each in self.schedule.recorders for rows in each.recorder.rows()])
        self._flushed = time.perf_counter()

    def owed(self) -> None:
        """Writes the rows that recorders have held back until the end, unless the run has broken."""
        if not self.broken:
            self._write([rows for each in self.schedule.recorders for rows in each.recorder.finish()])

    def _write(self, tables: Sequence[Rows]) -> None:
        found = self.writer.write(tables)
        if found is not None:
            self.end(*found)

    def end(self, step: int, because: str) -> None:
        """Ends recording, because something at this step is not finite; training goes on."""
        self.flush()  # what was observed before is kept, and may itself hold an earlier break
        if not self.broken:
            self.broken = True
            self.writer.record.annotate(status="broken", broken_at_step=step, broken_because=because)
            kept = "What was recorded before is kept; training goes on."
            self._followers.leave()
            self.warn(f"the run broke at step {step}: {because}. {kept}")

    def finish(self, status: str, because: str | None) -> None:
        """Records the model as it stands where the run is complete, and closes the record with this status."""
        if not self.closed:
            with uninterrupted():
                self._finish(status, because)

    def _finish(self, status: str, because: str | None) -> None:
        if not self.broken:
            late = [each for each in self.schedule.recorders if each.last < self.steps]
            if late and status == "complete":
                self.observe(late, ragged=True)
            self.flush()
        self.owed()
        self._followers.leave()
        if because is not None and not self.broken:
            self.writer.record.annotate(status=status, broken_at_step=self.steps, broken_because=because)
        self.writer.record.close(status=status)
        self.closed = True

    def _say(self, message: str) -> None:
        if not self._quiet:
            print(f"szilard: {message}", file=sys.stderr)

    def warn(self, message: str) -> None:
        """Warns of something that the user had better know."""
        warnings.warn(message, SzilardWarning, stacklevel=6)


def _flush_at_exit(session: weakref.ref[RecordingSession]) -> None:
    """What a loop that ended without ``close()``, by Ctrl-C or an error, had observed but not yet written."""
    left = session()
    if left is not None and not left.closed:
        left.flush()
        left.owed()
