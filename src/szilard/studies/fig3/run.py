"""Carries the run ``fig3`` out: settles its plan, says how long it will take, and has it trained."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, final

import torch

from szilard.data import Dataset
from szilard.ensemble.checkpoints import CheckpointStore
from szilard.records.schema import Group
from szilard.records.writer import RecordWriter
from szilard.studies.chunked import Chunked, carry_out_chunked
from szilard.studies.fig3.engine.chunk import NoiseObserver, make_chunk_trainer
from szilard.studies.fig3.engine.plan import NoisePlan
from szilard.studies.fig3.engine.rows import NoiseRows
from szilard.studies.fig3.engine.schedule import make_schedule
from szilard.studies.fig3.schema import fig3_groups
from szilard.studies.fig3.spec import Figure3
from szilard.studies.kits.experiment.probe import draw_probe
from szilard.studies.life import Options, seconds_each
from szilard.studies.resources import own_threads, workers_of

_PATIENCE = 0.4
"""Seconds of training at each batch size that are tried to tell how long a run will take."""
_STEPS = 8
"""At a time."""


def carry_out(spec: Figure3, dataset: Dataset, out: Path, options: Options) -> None:
    """Trains the ensembles and writes their record.

    Raises:
        SpecError, ModelError, RecordError: see :func:`szilard.run`.
    """
    carry_out_chunked(NoisyEnsembles(spec, dataset), dataset.name, out, options)


@final
class NoisyEnsembles(Chunked[NoisePlan]):
    """Ensembles at several batch sizes, the noise of whose gradients is recorded."""

    unit = "examples"

    def __init__(self, spec: Figure3, dataset: Dataset) -> None:
        self.spec = spec
        self.plan = plan_of(spec, dataset)
        self.told = f"{sum(self.plan.trials):,} trainings of {spec.steps:,} steps"

    def seconds(self) -> float:
        return seconds_of(self.plan)

    def groups(self) -> tuple[Group, ...]:
        plan = self.plan
        return fig3_groups(
            plan.batches,
            members=max(plan.trials),
            groups=len(plan.groups),
            watched=min(plan.watched, max(plan.trials)),
            parameters=plan.path[1],
            lags=plan.schedule.lags,
        )

    def attributes(self) -> dict[str, Any]:
        plan, training = self.plan, self.plan.trainings[0]
        size = len(plan.data.train_labels)
        return {
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
            "optimizer": {"class": type(training.optimizer).__name__, **training.optimizer.as_table()},
        }

    def rows(self, writer: RecordWriter, checkpoints: CheckpointStore) -> NoiseRows:
        return NoiseRows(self.plan, writer, checkpoints)


def plan_of(spec: Figure3, dataset: Dataset) -> NoisePlan:
    """All that is settled before the first step."""
    size, members = len(dataset.train_labels), spec.members
    workers = spec.workers or workers_of(spec.device)
    schedule = make_schedule(
        spec.steps, records=spec.records, points=spec.points, starts=spec.starts, lags=spec.lags,
        window=spec.window, epochs=[size // batch for batch in spec.batch],
    )  # fmt: skip
    return NoisePlan(
        model=spec.model,
        trainings=spec.trainings,
        trials=members,
        data=standardised(dataset) if spec.standardised else dataset,
        probe_rows=draw_probe(dataset, spec.probe, spec.seed),
        steps=schedule.records,
        schedule=schedule,
        examples=spec.examples,
        fresh=spec.fresh,
        watched=spec.watched,
        paths=spec.paths,
        seed=spec.seed,
        device=spec.device,
        threads=spec.threads,
        workers=workers,
        chunk=None if spec.chunk is None else spec.chunk * (len(members) if len(spec.chunk) == 1 else 1),
        spec=spec.as_table(),
    )  # fmt: skip


def standardised(dataset: Dataset) -> Dataset:
    """The same data with inputs of mean 0 and standard deviation 1, over all training inputs and their elements."""
    spread, mean = torch.std_mean(dataset.train_inputs)
    train, test = ((inputs - mean) / spread for inputs in (dataset.train_inputs, dataset.test_inputs))
    return dataclasses.replace(dataset, train_inputs=train, test_inputs=test)


def seconds_of(plan: NoisePlan) -> float:
    """About how long a plan takes, all workers together, on a machine that stays as busy as it is now; seconds."""
    with own_threads(plan.threads):
        return sum(_seconds_at(plan, batch) for batch in range(len(plan.batches))) / min(plan.workers, plan.chunks)


def _seconds_at(plan: NoisePlan, batch: int) -> float:
    """Seconds of one worker: for the steps, the records, the gradients of correlations, and the whole passes."""
    number = next(number for number, part in enumerate(plan.parts) if part.batch == batch)
    chunk, schedule = dataclasses.replace(plan.make_chunk(number), full=0), plan.schedule
    trainer = make_chunk_trainer(chunk)
    observer = NoiseObserver(chunk, trainer)
    trainer.advance(1)
    # A short run is not tried for longer than it takes.
    step = seconds_each(lambda: trainer.advance(_STEPS), _PATIENCE, schedule.records[-1] // _STEPS) / _STEPS
    example = seconds_each(observer.columns) / (len(chunk.order_seeds) * plan.examples)
    records, members = len(schedule.records), plan.trials[batch]
    gradients = sum(len(schedule.of_burst(start)) for start in schedule.starts)
    seen = members * (records * plan.examples + gradients * 2 * plan.fresh)
    seen += min(plan.watched, members) * records * len(plan.data.train_labels)
    return members / len(chunk.order_seeds) * step * schedule.records[-1] + example * seen
