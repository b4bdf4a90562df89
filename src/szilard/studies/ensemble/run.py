"""Carries out an experiment of many runs: settles the plan of its ensemble and has it trained."""

from __future__ import annotations

from pathlib import Path

from szilard.data import Dataset
from szilard.ensemble.design import Design
from szilard.ensemble.plan import Plan
from szilard.ensemble.record_at import steps_of
from szilard.studies.ensemble.life import run_ensemble
from szilard.studies.kits.experiment.probe import draw_probe
from szilard.studies.kits.experiment.spec import Experiment
from szilard.studies.life import Options
from szilard.studies.progress import Progress
from szilard.studies.resources import workers_of


def carry_out(experiment: Experiment, dataset: Dataset, out: Path, options: Options) -> None:
    """Trains an ensemble and writes its record.

    Raises:
        SpecError, ModelError, RecordError: see :func:`szilard.run`.
    """
    assert experiment.design is not None
    plan = plan_of(experiment, experiment.design, dataset)
    total = plan.steps[-1] * len(plan.members)
    with Progress(f"{experiment.name}: {dataset.name}, {len(plan.members)} members", total, options.quiet) as display:
        run_ensemble(
            plan, out, overwrite=options.overwrite, resume=options.resume, executor=options.executor, display=display,
            keep=options.keep_checkpoints,
        )  # fmt: skip


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
