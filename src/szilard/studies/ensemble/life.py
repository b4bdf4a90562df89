"""Trains an ensemble and writes its record, from the start or from where it was interrupted."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from szilard.ensemble.checkpoints import CheckpointStore, check_same
from szilard.ensemble.chunk import ChunkRecord
from szilard.ensemble.design import coordinates
from szilard.ensemble.executors import executor_of
from szilard.ensemble.plan import Plan
from szilard.ensemble.timing import Display, ProgressTotal, TimeSpent
from szilard.errors import RecordError
from szilard.information import coverage_note
from szilard.records.attributes import ENDED, read_attributes
from szilard.records.root import is_record
from szilard.records.writer import RecordWriter
from szilard.studies.ensemble.description import describe
from szilard.studies.ensemble.gathering import Gathering, nesting_of
from szilard.studies.ensemble.schema import ensemble_groups


def run_ensemble(
    plan: Plan, out: Path, *, overwrite: bool, resume: bool, executor: Any, display: Display, keep: bool
) -> None:
    """Trains all members of a plan and writes the record into directory ``out``.

    Interrupted (by a signal, a kill, a lost cluster), the record stays as it is, incomplete, and goes on with
    ``resume``; what it then holds is the same as without the interruption.

    Args:
        plan: of the ensemble.
        out: the record's directory.
        overwrite: whether a record that is already there may be replaced.
        resume: whether to go on with one that was interrupted; where there is none a new one begins.
        executor: see :func:`szilard.ensemble.executors.executor_of`.
        display: shows the progress.
        keep: whether the trained models stay in ``checkpoints`` when all is done.

    Raises:
        SpecError, ModelError: if the plan cannot be carried out.
        RecordError: if the record cannot be written, or the one there is of another experiment.
    """
    execute = executor_of(executor)
    going_on = resume and is_record(out)
    before = read_attributes(out) if going_on else {}
    if going_on and plan.chunk is None:
        # A machine with other cores would cut the members into other chunks.
        plan = dataclasses.replace(plan, chunk=before.get("trainer", {}).get("chunk"))
    plan.check()
    checkpoints = CheckpointStore(out)
    if going_on:
        check_same(out, before, plan)
        if before.get("status") in ENDED:
            return
        checkpoints.open()
        writer = RecordWriter.reopen(out)
    else:
        writer = _begin(plan, out, overwrite)
        checkpoints.begin()
    gathering = Gathering(plan, writer, checkpoints)
    progress = ProgressTotal([len(members) for members in plan.members_of_chunks], display)
    spent = TimeSpent(writer.attributes.get("timings", {}))

    def take(chunk_record: ChunkRecord) -> None:
        if "lane" not in writer.attributes["trainer"]:
            writer.annotate(trainer={"lane": chunk_record.strategy, "why": chunk_record.why, "chunk": plan.chunk_size})
        with spent.on("measuring"):
            gathering.advance()

    with spent.on("all"):
        if gathering.advance() < len(plan.steps):
            execute(plan, checkpoints, take, progress.report)
            gathering.advance()
    if gathering.rows < len(plan.steps):
        raise RecordError(
            f"only {gathering.rows} of {len(plan.steps)} records of {out} could be written, since files are missing"
            f" from {checkpoints.path}: delete that folder and run again with resume (--resume), which trains anew."
        )
    writer.annotate(timings=spent.seconds())
    lost = gathering.lost
    if lost is not None:  # 0 is a step, too
        writer.annotate(
            status="broken",
            broken_at_step=lost,
            broken_because="fewer than two members are left; the others diverged: lower the learning rate, or look for"
            " NaN in the data",
        )
    writer.close()
    if keep:
        checkpoints.drop(plan.chunks, 0)
    else:
        checkpoints.remove()


def _begin(plan: Plan, out: Path, overwrite: bool) -> RecordWriter:
    attributes = describe(plan)
    note = coverage_note(plan.design.clusters, plan.design.shape[2])
    if note:
        attributes["notes_on_coverage"] = note
    groups = ensemble_groups(
        coordinates(plan.members),
        blocks=plan.blocks,
        clusters=nesting_of(plan).clusters,
        labelled=plan.labelled,
        crossed=plan.design.crossed,
        supersample=plan.coins is not None,
    )
    return RecordWriter(out, groups=groups, attributes=attributes, overwrite=overwrite)
