"""Carries the run ``fig3`` out: settles its plan, says how long it will take, and has it trained."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import torch

from szilard.data import Dataset
from szilard.studies.fig3.duration import seconds_of
from szilard.studies.fig3.engine.plan import NoisePlan
from szilard.studies.fig3.engine.run import run_noise
from szilard.studies.fig3.engine.schedule import make_schedule
from szilard.studies.fig3.spec import Figure3
from szilard.studies.kits.experiment.probe import draw_probe
from szilard.studies.life import Options, say_how_long
from szilard.studies.progress import Progress
from szilard.studies.resources import workers_of


def carry_out(spec: Figure3, dataset: Dataset, out: Path, options: Options) -> None:
    """Trains the ensembles and writes their record.

    Raises:
        SpecError, ModelError, RecordError: see :func:`szilard.run`.
    """
    plan = plan_of(spec, dataset)
    if not options.quiet:
        plan.check()
        say_how_long(seconds_of(plan), f"{sum(plan.trials):,} trainings of {spec.steps:,} steps", resumable=True)
    total = spec.steps * sum(trials * batch for trials, batch in zip(plan.trials, plan.batches, strict=True))
    with Progress(f"{spec.name}: {dataset.name}", total, options.quiet) as display:
        run_noise(
            plan, out, overwrite=options.overwrite, resume=options.resume, display=display,
            keep=options.keep_checkpoints,
        )  # fmt: skip


def plan_of(spec: Figure3, dataset: Dataset) -> NoisePlan:
    """All that is settled before the first step."""
    size, members = len(dataset.train_labels), spec.members
    workers = spec.workers or workers_of(spec.device)
    return NoisePlan(
        name=spec.name,
        model=spec.model,
        trainings=spec.trainings,
        trials=members,
        data=standardised(dataset) if spec.standardised else dataset,
        probe_rows=draw_probe(dataset, spec.probe, spec.seed),
        schedule=make_schedule(
            spec.steps, records=spec.records, points=spec.points, starts=spec.starts, lags=spec.lags,
            window=spec.window, epochs=[size // batch for batch in spec.batch],
        ),
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
