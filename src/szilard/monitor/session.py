"""What a monitor does with a run: observes, accounts for what was observed, writes it, and ends where it breaks."""

from __future__ import annotations

import math
import time
import weakref
from collections.abc import Sequence
from typing import final

from torch import Tensor

from szilard.models.evaluation import undisturbed
from szilard.models.ppm import PPM
from szilard.models.shortage import memory_named
from szilard.models.state.interrupts import uninterrupted
from szilard.models.state.keeping import surveyed
from szilard.monitor.alteration import AlteredError, MakeUp
from szilard.monitor.breaking import break_off, end
from szilard.monitor.counting import StepCounting
from szilard.monitor.followers import Followers
from szilard.monitor.last_record import make_last_record
from szilard.monitor.leaving import leave, let_go, look_after
from szilard.monitor.loop import LoopState, LossMeter, is_finite
from szilard.monitor.optimizers import LoopOptimizers
from szilard.monitor.record import NewRecord, describe, doubts, open_record, record_change, record_intervals
from szilard.monitor.rows import Rows
from szilard.monitor.schedule import Schedule, ScheduledRecorder
from szilard.monitor.shown_weights import ShownWeights
from szilard.monitor.thread import LoopThread
from szilard.monitor.voice import Voice

_FLUSH_SECONDS = 5.0


@final
class RecordingSession:
    """One run under way: its recorders, its record and the steps done.

    Args:
        ppm: what is measured.
        optimizers: of the loop.
        counting: of its training steps.
        weights: which ones a record sees, where the optimiser keeps two sets.
        recorders: of all measures.
        budget: share of the loop's time for those without an interval or a budget of their own.
        new: the record that is to be written.
        quiet: print nothing.

    Raises:
        SpecError: if two recorders write to the same group.
        RecordError: if ``out`` exists and is not to be replaced, or cannot be written.
    """

    def __init__(
        self,
        ppm: PPM,
        optimizers: LoopOptimizers,
        counting: StepCounting,
        weights: ShownWeights,
        recorders: Sequence[ScheduledRecorder],
        budget: float,
        new: NewRecord,
        *,
        quiet: bool,
    ) -> None:
        self._ppm = ppm
        self.counting, self.weights, self.ranks = counting, weights, new.ranks
        self.voice = Voice(quiet, mute=not new.ranks.writes)
        self.steps = 0
        """Training steps done since the monitor was made."""
        self.broken = self.closed = self.leaving = False
        self._loss = LossMeter(counting.told_late)
        self._make_up, self._survey = MakeUp(ppm.module), surveyed(ppm.module)
        self.thread = LoopThread()
        self.schedule = Schedule(recorders, budget, ppm, new.ranks)
        self.followers = Followers(each.recorder for each in recorders)
        described = describe(ppm, optimizers, self.schedule.main.recorder.precision)
        described |= weights.attributes | counting.attributes
        self.writer = open_record(new, described, self.schedule)
        if (said := doubts(self.schedule.main.recorder.precision)) is not None:
            self.voice.warn(said)
        self._begin = self._flushed = time.perf_counter()
        try:
            self.observe(recorders)
            self.flush()
        except BaseException:
            self.closed = True
            self.writer.record.leave()
            raise
        look_after(self)
        if (hooks := counting.begin(self.advance, self._loss.step_done)) is not None and not counting.automatic:
            weakref.finalize(self, hooks.remove).atexit = False  # else the optimiser keeps the session

    def step(self, loss: float | Tensor | None) -> None:
        """The loop says that a training step is done; where its optimiser is followed that is known, and said so."""
        self.thread.check(self.steps)
        finite = loss is None or self.tell(loss)
        if self.counting.automatic:
            self.voice.warn_once(
                "the optimiser's steps are counted by themselves, so monitor.step() does not count another: leave it "
                "out, or say monitor.loss(loss) before optimizer.step() where the loss is to be recorded."
            )
            return
        if (complaint := self.counting.complaint(self.steps + 1, finite)) is not None:
            self.voice.warn_once(complaint)
        self.advance()

    def tell(self, loss: float | Tensor) -> bool:
        """The loss of the step that is under way, or was just done; False if it is known not to be finite."""
        if self.broken or self._loss.add(loss):
            return True
        if not is_finite(self._ppm.module):  # else a gap, as where its step is left out
            break_off(self, self.steps + 1, "the training loss is not finite")
        return False

    def advance(self) -> None:
        """A training step is done: records whatever is due after it."""
        self.thread.check(self.steps)
        self.steps += 1
        if self.broken:
            return
        late, due = self.late, self.schedule.due(self.steps)
        if due or late or self.followers or not self.schedule.settled:
            with uninterrupted():
                try:
                    self._attend(late, due)
                except AlteredError as problem:  # while an interval was being found
                    break_off(self, self.steps, str(problem))

    def _attend(self, late: bool, due: Sequence[ScheduledRecorder]) -> None:
        """What a step asks for beyond being counted."""
        if self.followers:
            self.followers.follow(self.steps)
        elif not self.schedule.settled and self.schedule.step():
            self._settle()
            return
        if due and (skipped := self.counting.overcounted()):
            self.steps -= skipped
            due = self.schedule.due(self.steps)
        if due:
            self.observe(due)
        if late or any(each.recorder.full for each in due):
            self.flush()
        if not self.schedule.settled:
            self.schedule.resume()

    def _settle(self) -> None:
        """The intervals are known: records begin."""
        found = self.schedule.settle()
        for interval in found:
            self.voice.say(interval.sentence)
        record_intervals(self.writer, self.schedule, found)
        settled = [each for interval in found for each in interval.recorders]
        self.observe([each for each in self.schedule.recorders if each in settled or each.due(self.steps)])
        self.flush()

    def observe(self, recorders: Sequence[ScheduledRecorder]) -> None:
        """Shows the model to these recorders; where it is no longer the one that was watched, recording ends."""
        try:
            self.show(recorders)
        except Exception as problem:
            if (because := self._make_up.alteration(problem)) is None:
                raise
            break_off(self, self.steps, because)

    def show(self, recorders: Sequence[ScheduledRecorder], ragged: bool = False) -> None:
        """Shows the model as it stands to these recorders; ``ragged`` where the run ends off their interval."""
        before = [each.every for each in recorders]
        seen = undisturbed(self._ppm.module, self._ppm.device)
        with self.ranks.gathered(), self.weights.shown(), seen, memory_named(self._ppm):
            for each in recorders:
                each.observe(self.steps, ragged)
                if (
                    each.keeps_ledger and self.ranks.writes
                ):  # takes the loop's numbers: another measure's record must not use up the loss
                    wall_time = time.perf_counter() - self._begin
                    self.writer.note(self.steps, LoopState(wall_time, self.counting.rate, self._loss.drain()))
        if [each.every for each in recorders] != before:
            record_change(self.writer, self.schedule)
        self.followers.look()

    def flush(self) -> None:
        """Accounts for what was observed and writes it, unless the run has broken."""
        if not self.broken:
            with memory_named(self._ppm):
                tables = self.schedule.rows()
            self._write(tables)
        self._flushed = time.perf_counter()

    def owed(self) -> None:
        """Writes the rows that recorders have held back until the end, unless the run has broken."""
        if not self.broken:
            self._write(self.schedule.owed())

    def _write(self, tables: Sequence[Rows]) -> None:
        if (found := self.writer.write(tables)) is not None:
            end(self, *found)

    def finish(self, status: str, because: str | None = None, *, asked: bool = True) -> None:
        """Closes the record with this status; where it is complete, with a last record (:mod:`.last_record`)."""
        if not self.closed:
            with uninterrupted():
                self._finish(status, because, asked)

    def _finish(self, status: str, because: str | None, asked: bool) -> None:
        self.counting.settle()
        self.steps -= self.counting.overcounted()
        self.flush()  # before the last record, which may fail
        if status == "complete" and not self.broken:
            make_last_record(self, asked)
            self.flush()
        self.owed()
        self._loss.step_done()
        self.writer.count_gaps(self._loss.drain())  # of what no ledger has asked for
        self.followers.leave()
        if because is not None and not self.broken:
            at = self.counting.named(self.steps)
            self.writer.record.annotate(status=status, broken_at_step=at, broken_because=because)
        self.writer.loggers.finish()
        self.writer.record.close(status=status)
        let_go(self)
        if status == "complete" and not self.broken:
            self.voice.say(self.schedule.in_the_end(self.steps))

    @property
    def late(self) -> bool:
        """Whether what was observed is to be written at the next step."""
        return time.perf_counter() - self._flushed > _FLUSH_SECONDS

    def make_late(self) -> None:
        """Has what was observed written at the next step."""
        self._flushed = -math.inf

    def __del__(self) -> None:
        leave(self, gone=True)
