"""Carries out an experiment of one run: builds model, probe and optimiser, trains, and watches."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from szilard.data import Dataset
from szilard.models import Classifier
from szilard.monitor import Ledger, Measure, Monitor
from szilard.studies.kits.experiment.probe import draw_probe
from szilard.studies.kits.experiment.spec import Experiment
from szilard.studies.life import Options
from szilard.studies.loop import train
from szilard.studies.progress import Progress
from szilard.studies.resources import own_randomness, own_threads
from szilard.training import streams
from szilard.training.optimizers import LangevinNoise
from szilard.training.training import batches


def carry_out(experiment: Experiment, dataset: Dataset, out: Path, options: Options) -> None:
    """Trains and watches one model.

    The random state of the calling program is left as it was. A run whose loss is no longer finite stops there, with
    its record marked; one that is interrupted closes its record and raises ``KeyboardInterrupt``.

    Raises:
        SpecError, ModelError, RecordError: see :func:`szilard.run`.
    """
    device = torch.device(experiment.device)
    inputs, labels = (tensor.to(device) for tensor in dataset.split("train"))
    rows = draw_probe(dataset, experiment.probe, experiment.seed)
    probe, probe_labels = (tensor[rows].to(device) for tensor in dataset.split(experiment.probe.split))
    training = experiment.training
    order = streams.generator_of(experiment.seed, streams.ORDER)
    indices = batches(len(inputs), training.batch_size, training.shuffle, order)
    with own_randomness(device), own_threads(experiment.threads):
        torch.manual_seed(streams.seed_of(experiment.seed, streams.INITIALISATION))
        model = experiment.model.build().to(device)
        optimizer = training.optimizer.build(model.parameters())
        ppm = Classifier(model, inputs=probe, labels=probe_labels if experiment.probe.labelled else None)
        monitor = Monitor(
            ppm,
            optimizer,
            out=out,
            every=experiment.every,
            budget=experiment.budget,
            measures=_measures(experiment, inputs, labels),
            seed=streams.seed_of(experiment.seed, streams.SAMPLES),
            overwrite=options.overwrite,
            quiet=options.quiet,
            attributes={"name": experiment.name, "seed": experiment.seed, "spec": experiment.as_table()},
        )
        torch.manual_seed(streams.seed_of(experiment.seed, streams.FORWARD))
        with monitor, Progress(f"{experiment.name}: {dataset.name}", training.steps, options.quiet) as progress:
            criterion = training.criterion()
            kicks = LangevinNoise(
                getattr(training.optimizer, "noise", 0.0), streams.generator_of(experiment.seed, streams.NOISE)
            )

            def loss_at(step: int) -> Tensor:
                """The loss of the next batch."""
                index = next(indices)
                return criterion(model(inputs[index]), labels[index])

            train(model, optimizer, training, loss_at, monitor, progress, after=lambda: kicks.add_to(model))
    monitor.close()


def _measures(experiment: Experiment, inputs: Tensor, labels: Tensor) -> list[Measure]:
    """The ledger alone, or with the reservoir beside it."""
    ledger = Ledger(experiment.every, path_intervals=experiment.path_intervals)
    if experiment.reservoir is None:
        return [ledger]
    return [ledger, experiment.reservoir.measure(experiment.training, inputs, labels)]
