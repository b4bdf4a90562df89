"""Carries out an experiment of many runs: settles the plan of its ensemble and has it trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from szilard.data import Dataset
from szilard.ensemble.design import Design
from szilard.ensemble.plan import Plan
from szilard.ensemble.record_at import steps_of
from szilard.studies.ensemble.life import run_ensemble
from szilard.studies.kits.experiment import Experiment
from szilard.studies.kits.running.probe import draw_probe
from szilard.studies.kits.running.progress import Progress
from szilard.studies.kits.running.workers import workers_of


def train(
    experiment: Experiment,
    design: Design,
    dataset: Dataset,
    out: Path,
    *,
    overwrite: bool,
    quiet: bool,
    resume: bool,
    executor: Any,
    keep: bool,
) -> None:
    """Trains an ensemble and writes its record.

    Raises:
        SpecError, ModelError, RecordError: see :func:`szilard.run`.
    """
    plan = plan_of(experiment, design, dataset)
    total = plan.steps[-1] * len(plan.members)
    with Progress(f"{experiment.name}: {dataset.name}, {len(plan.members)} members", total, quiet) as display:
        run_ensemble(plan, out, overwrite=overwrite, resume=resume, executor=executor, display=display, keep=keep)


def plan_of(experiment: Experiment, design: Design, dataset: Dataset) -> Plan:
    """All that is settled before the first step."""
    return Plan(
        name=experiment.name,
        model=experiment.model,
        training=experiment.training,
        design=design,
        data=dataset,
        split=experiment.probe.split,
        probe_rows=draw_probe(dataset, experiment.probe, experiment.seed),
        labelled=experiment.probe.labelled,
        steps=steps_of(experiment.record_at, experiment.training.steps),
        blocks=experiment.blocks,
        seed=experiment.seed,
        device=experiment.device,
        threads=experiment.threads or 1,
        workers=experiment.workers or workers_of(experiment.device),
        chunk=experiment.chunk,
        spec=experiment.as_table(),
    )
