"""Carries out an experiment of many runs: settles the plan of its ensemble and has it trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any, final

from szilard.data import Dataset
from szilard.ensemble.checkpoints import CheckpointStore
from szilard.ensemble.design import Design, coordinates
from szilard.ensemble.plan import Plan
from szilard.ensemble.record_at import steps_of
from szilard.information import coverage_note
from szilard.records.schema import Group
from szilard.records.writer import RecordWriter
from szilard.studies.chunked import Chunked, carry_out_chunked
from szilard.studies.ensemble.rows import EnsembleRows, nesting_of
from szilard.studies.ensemble.schema import ensemble_groups
from szilard.studies.kits.experiment.probe import draw_probe
from szilard.studies.kits.experiment.spec import Experiment
from szilard.studies.life import Options
from szilard.studies.resources import workers_of


def carry_out(experiment: Experiment, dataset: Dataset, out: Path, options: Options) -> None:
    """Trains an ensemble and writes its record.

    Raises:
        SpecError, ModelError, RecordError: see :func:`szilard.run`.
    """
    carry_out_chunked(Ensemble(experiment, dataset), dataset.name, out, options)


@final
class Ensemble(Chunked[Plan]):
    """Trainings of several tasks, datasets and seeds, whose predictions and ledgers are recorded."""

    def __init__(self, experiment: Experiment, dataset: Dataset) -> None:
        assert experiment.design is not None
        self.spec = experiment
        self.plan = plan_of(experiment, experiment.design, dataset)
        self.told = f"{len(self.plan.members)} members"

    def groups(self) -> tuple[Group, ...]:
        plan = self.plan
        return ensemble_groups(
            coordinates(plan.members),
            blocks=plan.blocks,
            clusters=nesting_of(plan).clusters,
            labelled=plan.labelled,
            crossed=plan.design.crossed,
            supersample=plan.coins is not None,
        )

    def attributes(self) -> dict[str, Any]:
        plan, optimizer = self.plan, self.plan.training.optimizer
        note = coverage_note(plan.design.clusters, plan.design.shape[2])
        return {
            "design": plan.design.described(),
            "clusters": plan.design.clusters,
            "probe": {
                "inputs": len(plan.probe),
                "heads": 1,
                "outcomes": plan.trial.outcomes,
                "labelled": plan.labelled,
                "split": plan.split,
            },
            "optimizer": {"class": type(optimizer).__name__, **optimizer.as_table()},
            "unavailable": {},
            **({"notes_on_coverage": note} if note else {}),
        }

    def rows(self, writer: RecordWriter, checkpoints: CheckpointStore) -> EnsembleRows:
        return EnsembleRows(self.plan, writer, checkpoints)


def plan_of(experiment: Experiment, design: Design, dataset: Dataset) -> Plan:
    """All that is settled before the first step."""
    return Plan(
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
