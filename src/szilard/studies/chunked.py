"""How many trainings are carried out chunk by chunk: rows are written as chunks reach them, and it can go on."""

from __future__ import annotations

import abc
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from numpy import ndarray

from szilard.ensemble.checkpoints import CheckpointStore
from szilard.ensemble.chunk import Trained
from szilard.ensemble.chunked_plan import ChunkedPlan, check_same
from szilard.ensemble.executors import Executor, executor_of
from szilard.ensemble.mending import mend
from szilard.ensemble.timing import ProgressTotal, TimeSpent
from szilard.ensemble.versions import check_resumed
from szilard.errors import RecordError
from szilard.records.place import claimed
from szilard.records.root import ENDED, IDENTITY, is_record, read_attributes, record_of
from szilard.records.schema import Group
from szilard.records.writer import RecordWriter
from szilard.studies.life import Options, attributes_of, say_how_long
from szilard.studies.progress import Progress
from szilard.studies.spec import Spec

P = TypeVar("P", bound=ChunkedPlan)


class ChunkRows(abc.ABC, Generic[P]):
    """Writes the rows up to a record as soon as every chunk has reached it.

    Args:
        plan: of the trainings.
        writer: of the record.
        checkpoints: where records of chunks are kept until then.
    """

    leading: ClassVar[str]
    """The group that is written last at each record: it says how many there are, and a kill in between is made good."""
    baseline: ClassVar[bool] = False
    """Whether the first record of each chunk is kept to the end, since later ones are compared with it."""
    lost_because: ClassVar[str]
    """Why the run is broken where too few members are left, and what to do."""

    def __init__(self, plan: P, writer: RecordWriter, checkpoints: CheckpointStore) -> None:
        self._plan = plan
        self._writer = writer
        self._checkpoints = checkpoints

    @abc.abstractmethod
    def write(self, record: int, parts: list[dict[str, ndarray]]) -> None:
        """Writes what belongs to a record, the row of the leading group last.

        Args:
            record: its number.
            parts: columns of each chunk.
        """

    @property
    @abc.abstractmethod
    def lost(self) -> int | None:
        """The step of the first record at which too few members were left; None where there is none."""

    @property
    def written(self) -> int:
        """How many records are written."""
        return self._writer.rows(self.leading)

    def advance(self) -> int:
        """Writes every record for which all is there; returns how many are written.

        Raises:
            RecordError: if the record cannot be written.
        """
        while self.written < len(self._plan.steps) and self._complete(self.written):
            record, chunks = self.written, range(self._plan.chunks)
            self.write(record, [self._checkpoints.columns(chunk, record) for chunk in chunks])
            if self._writer.lost is not None:
                raise RecordError(self._writer.lost)
            if not self._writer.durable:
                raise RecordError(
                    f"the record {self._writer.path} cannot be written (the disk may be full): make room and go on with"
                    " resume (--resume); nothing that was trained is lost."
                )
            if record or not self.baseline:
                self._checkpoints.drop(len(chunks), record)
        return self.written

    def interval(self, record: int) -> int:
        """Training steps since the record before."""
        return self._plan.steps[record] - self._plan.steps[record - 1] if record else 0

    def _complete(self, record: int) -> bool:
        return all(self._checkpoints.has(chunk, record) for chunk in range(self._plan.chunks))


class Chunked(abc.ABC, Generic[P]):
    """A run of many trainings.

    Attributes:
        spec: what it does.
        plan: what is settled of it before the first step.
        told: what that comes to, in words.
        unit: of the progress.
    """

    spec: Spec
    plan: P
    told: str
    unit: str = "member-steps"

    def seconds(self) -> float | None:
        """About how long it will take on this machine as busy as it is now; None where that is not tried."""
        return None

    @abc.abstractmethod
    def groups(self) -> tuple[Group, ...]:
        """The groups of the record, once the plan is settled."""

    @abc.abstractmethod
    def attributes(self) -> dict[str, Any]:
        """Attributes of the record as JSON, beside those that every run has, and those of every plan."""

    @abc.abstractmethod
    def rows(self, writer: RecordWriter, checkpoints: CheckpointStore) -> ChunkRows[P]:
        """What writes its rows."""


def carry_out_chunked(run: Chunked[Any], data: str, out: Path, options: Options) -> None:
    """Trains all members of a plan and writes the record into directory ``out``.

    Interrupted (by a signal, a kill, a lost cluster), the record stays as it is, incomplete, and goes on with
    ``resume``; what it then holds is the same as without the interruption.

    Args:
        run: what is done.
        data: name of the data.
        out: the record's directory.
        options: see :class:`~szilard.studies.life.Options`.

    Raises:
        SpecError, ModelError: if the plan cannot be carried out.
        RecordError: if the record cannot be written, or the one there is of another experiment.
    """
    execute = executor_of(options.executor)
    going_on = options.resume and is_record(out)
    before = read_attributes(out) if going_on else {}
    if going_on:
        run.plan = run.plan.cut_as(before.get("trainer", {}).get("chunk"))
    run.plan.check()
    if going_on:
        check_same(out, before, run.plan)
        changed = check_resumed(out, before, options.other_versions)
        if before.get("status") in ENDED:
            return
    if not options.quiet and (seconds := run.seconds()) is not None:
        say_how_long(seconds, run.told, resumable=True)
    if going_on:
        claim = claimed(out)
        with claim.unless_it_fails():
            if read_attributes(out).get("status") in ENDED:  # somebody else has ended it meanwhile
                claim.release()
                return
            writer = RecordWriter.reopen(out, claim)
            if changed:
                writer.annotate(**changed)
    else:
        attributes = attributes_of(run.spec, data) | run.plan.attributes() | run.attributes()
        writer = RecordWriter(out, groups=run.groups(), attributes=attributes, overwrite=options.overwrite)
    try:
        _fill(run, data, writer, execute, options, anew=not going_on)
    except BaseException:
        writer.abandon()
        raise


def _fill(run: Chunked[Any], data: str, writer: RecordWriter, execute: Executor, options: Options, anew: bool) -> None:
    """Trains what is missing and writes it into the record, from its beginning or from where it was left."""
    checkpoints = CheckpointStore(writer.path, record_of(writer.attributes[IDENTITY]))
    rows, records = run.rows(writer, checkpoints), len(run.plan.steps)
    if anew:
        checkpoints.begin()
    else:
        checkpoints.open()
        mend(checkpoints, run.plan.chunks, rows.written, rows.baseline)
    total = run.plan.steps[-1] * sum(run.plan.weights)
    with Progress(f"{run.spec.name}: {data}, {run.told}", total, options.quiet) as display:
        _train(run.plan, execute, writer, rows, checkpoints, ProgressTotal(run.plan.weights, display, run.unit))
    if rows.written < records:
        raise RecordError(
            f"only {rows.written} of {records} records of {writer.path} could be written, since files are missing from"
            f" {checkpoints.path}: delete that folder and run again with resume (--resume), which trains anew."
        )
    _close(writer, rows)
    if options.keep_checkpoints:
        checkpoints.keep_last(run.plan.chunks)
    else:
        checkpoints.remove()


def _train(
    plan: ChunkedPlan,
    execute: Executor,
    writer: RecordWriter,
    rows: ChunkRows[Any],
    checkpoints: CheckpointStore,
    progress: ProgressTotal,
) -> None:
    """Trains what is not trained yet, and writes rows as they come; the time that took is added to the record's."""
    spent = TimeSpent(writer.attributes.get("timings", {}))

    def take(trained: Trained) -> None:
        if "lane" not in writer.attributes["trainer"]:
            said = {"lane": trained.strategy, "why": trained.why, **writer.attributes["trainer"]}
            writer.annotate(trainer=said)
        with spent.on("measuring"):
            rows.advance()

    def report(chunk: int, step: int) -> None:
        writer.beat()
        progress.report(chunk, step)

    with spent.on("all"):
        if rows.advance() < len(plan.steps):
            execute(plan, checkpoints, take, report)
            rows.advance()
    if rows.written == len(plan.steps):
        writer.annotate(timings=spent.seconds())


def _close(writer: RecordWriter, rows: ChunkRows[Any]) -> None:
    """Closes the record: broken where too few members are left."""
    lost = rows.lost
    if lost is not None:  # 0 is a step, too
        writer.annotate(status="broken", broken_at_step=lost, broken_because=rows.lost_because)
    writer.close()
