"""Trains an ensemble and writes its record, from the start or from where it was interrupted."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from szilard.ensemble.chunk import Harvest
from szilard.ensemble.design import coordinates
from szilard.ensemble.executors import executor_of
from szilard.ensemble.plan import Plan
from szilard.ensemble.resumption import check_same
from szilard.ensemble.scratch import Scratch
from szilard.ensemble.timing import Advance, Display, Spent
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
    carry_out = executor_of(executor)
    going_on = resume and is_record(out)
    before = read_attributes(out) if going_on else {}
    if going_on and plan.chunk is None:
        # A machine with other cores would cut the members into other chunks.
        plan = dataclasses.replace(plan, chunk=before.get("trainer", {}).get("chunk"))
    plan.check()
    scratch = Scratch(out)
    if going_on:
        check_same(out, before, plan)
        if before.get("status") in ENDED:
            return
        scratch.open()
        writer = RecordWriter.reopen(out)
    else:
        writer = _begin(plan, out, overwrite)
        scratch.begin()
    gathering = Gathering(plan, writer, scratch)
    progress = Advance([len(members) for members in plan.members_of_chunks], display)
    spent = Spent(writer.attributes.get("timings", {}))

    def take(harvest: Harvest) -> None:
        if "lane" not in writer.attributes["trainer"]:
            writer.annotate(trainer={"lane": harvest.lane, "why": harvest.why, "chunk": plan.chunk_size})
        with spent.on("measuring"):
            gathering.advance()

    with spent.on("all"):
        if gathering.advance() < len(plan.steps):
            carry_out(plan, scratch, take, progress.report)
            gathering.advance()
    if gathering.rows < len(plan.steps):
        raise RecordError(
            f"only {gathering.rows} of {len(plan.steps)} records of {out} could be written, since files are missing"
            f" from {scratch.path}: delete that folder and run again with resume (--resume), which trains anew."
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
        scratch.drop(plan.chunks, 0)
    else:
        scratch.remove()


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
