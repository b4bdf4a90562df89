"""Trains the ensembles of Figure 3 and writes their record, from the start or from where it was interrupted."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from szilard.ensemble import executors
from szilard.ensemble.checkpoints import CheckpointStore, check_same
from szilard.ensemble.timing import Display, ProgressTotal, TimeSpent
from szilard.errors import RecordError
from szilard.records.attributes import ENDED, read_attributes
from szilard.records.root import is_record
from szilard.records.writer import RecordWriter
from szilard.studies.fig3.engine.chunk import NoiseRecord
from szilard.studies.fig3.engine.gathering import NoiseGathering
from szilard.studies.fig3.engine.plan import NoisePlan
from szilard.studies.fig3.schema import fig3_groups


def run_noise(plan: NoisePlan, out: Path, *, overwrite: bool, resume: bool, display: Display, keep: bool) -> None:
    """Trains all members of a plan and writes the record into directory ``out``.

    Interrupted, by a signal or a kill, the record stays as it is, incomplete, and goes on with ``resume``; what it then
    holds is the same as without the interruption.

    Args:
        plan: what to do.
        out: the record's directory.
        overwrite: whether a record that is already there may be replaced.
        resume: whether to go on with one that was interrupted; where there is none a new one begins.
        display: shows the progress, in examples that were trained on.
        keep: whether the trained models stay in ``checkpoints`` when all is done.

    Raises:
        SpecError, ModelError: if the plan cannot be carried out.
        RecordError: if the record cannot be written, or the one there is of another experiment.
    """
    going_on = resume and is_record(out)
    before = read_attributes(out) if going_on else {}
    if going_on and plan.chunk is None:
        # A machine with other cores would cut the members into other chunks.
        plan = dataclasses.replace(plan, chunk=tuple(before.get("trainer", {}).get("chunk") or ()) or None)
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
    gathering = NoiseGathering(plan, writer, checkpoints)
    weights = [len(part.members) * plan.batches[part.batch] for part in plan.parts]
    advance, spent = ProgressTotal(weights, display, "examples"), TimeSpent(writer.attributes.get("timings", {}))

    def take(chunk_record: NoiseRecord) -> None:
        if "lane" not in writer.attributes["trainer"]:
            writer.annotate(
                trainer={**writer.attributes["trainer"], "lane": chunk_record.strategy, "why": chunk_record.why}
            )
        with spent.on("measuring"):
            gathering.advance()

    with spent.on("all"):
        if gathering.advance() < len(plan.steps):
            executors.run_locally(plan, checkpoints, take, advance.report)
            gathering.advance()
    if gathering.rows < len(plan.steps):
        raise RecordError(
            f"only {gathering.rows} of {len(plan.steps)} records of {out} could be written, since files are missing"
            f" from {checkpoints.path}: delete that folder and run again with resume (--resume), which trains anew."
        )
    writer.annotate(timings=spent.seconds())
    if gathering.lost is not None:  # 0 is a step, too
        writer.annotate(
            status="broken",
            broken_at_step=gathering.lost,
            broken_because="at some batch size all members diverged: lower the learning rate (--lr)",
        )
    writer.close()
    if not keep:
        checkpoints.remove()


def _begin(plan: NoisePlan, out: Path, overwrite: bool) -> RecordWriter:
    groups = fig3_groups(
        plan.batches,
        members=max(plan.trials),
        groups=len(plan.groups),
        watched=min(plan.watched, max(plan.trials)),
        parameters=plan.path[1],
        lags=plan.schedule.lags,
    )
    return RecordWriter(out, groups=groups, attributes=describe(plan), overwrite=overwrite)


def describe(plan: NoisePlan) -> dict[str, Any]:
    """What the record says besides numbers, as JSON."""
    from szilard.records.provenance import provenance

    training, size = plan.trainings[0], len(plan.data.train_labels)
    return {
        "name": plan.name,
        "kind_of_run": "fig3",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": plan.seed,
        "spec": dict(plan.spec),
        "fingerprint": plan.fingerprint,
        "batches": list(plan.batches),
        "trials": list(plan.trials),
        "shuffle": training.shuffle,
        "examples": size,
        "epoch": [max(1, size // batch) for batch in plan.batches],
        "groups": {"names": [group.name for group in plan.groups], "sizes": [group.size for group in plan.groups]},
        "measured": {
            "examples at a record": plan.examples,
            "examples of a fresh gradient": plan.fresh,
            "window": plan.schedule.window,
            "paths of": plan.path[0],
        },
        "probe": {"inputs": len(plan.probe_rows), "labelled": True, "split": "test"},
        "model": {
            "class": plan.model.as_table()["factory"],
            "parameters": plan.trial.parameters,
            "dtype": plan.trial.precision.name,
            "device": plan.device,
        },
        "optimizer": {"class": type(training.optimizer).__name__, **training.optimizer.as_table()},
        "forward_precision": plan.trial.precision.name,
        "forward_flagged": plan.trial.precision.flagged,
        "trainer": {"chunk": list(plan.chunk_sizes)},
        "diverged": [],
        "provenance": provenance(plan.device),
    }
