"""The life of every run of a family: build, watch, train, score against the baseline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from szilard.models.evaluation import undisturbed
from szilard.monitor import Ledger, Measure, Monitor
from szilard.monitor.gallery import Gallery
from szilard.monitor.model_space import ModelSpace
from szilard.studies.life import Options
from szilard.studies.loop import train
from szilard.studies.progress import Progress
from szilard.studies.resources import own_randomness, own_threads
from szilard.studies.sampled.spec import FamilySpec
from szilard.studies.sampled.subject import Subject
from szilard.training import streams


def carry_out(spec: FamilySpec, data: Any, out: Path, options: Options) -> None:
    """Trains and watches one model, then scores it.

    The random state of the calling program is left as it was. A run whose loss is no longer finite stops there, with
    its record marked and without a score; one that is interrupted closes its record and raises ``KeyboardInterrupt``.

    Args:
        spec: what to do.
        data: as the spec's ``load_data`` returned them.
        out: the record's directory.
        options: how; there is nothing to resume or keep.

    Raises:
        SpecError, ModelError, RecordError: see :func:`szilard.run`.
    """
    device = torch.device(spec.device)
    with own_randomness(device), own_threads(spec.threads):
        torch.manual_seed(streams.seed_of(spec.seed, streams.INITIALISATION))
        subject = spec.begin(spec.model.build().to(device), data, device)
        module = subject.ppm.module
        optimizer = spec.training.optimizer.build([each for each in module.parameters() if each.requires_grad])
        named = getattr(data, "name", spec.data)
        monitor = Monitor(
            subject.ppm,
            optimizer,
            out=out,
            every=spec.every,
            measures=_measures(spec, subject),
            seed=streams.seed_of(spec.seed, streams.SAMPLES),
            overwrite=options.overwrite,
            quiet=options.quiet,
            attributes={
                "name": spec.name,
                "family": spec.family,
                "data": named,
                "seed": spec.seed,
                "spec": spec.as_table(),
                **subject.attributes,
            },
        )
        torch.manual_seed(streams.seed_of(spec.seed, streams.FORWARD))
        with monitor, Progress(f"{spec.name}: {named}", spec.training.steps, options.quiet) as progress:
            train(module, optimizer, spec.training, subject.loss, monitor, progress, after=subject.after)
            if not monitor.broken:
                monitor.annotate(**_score(spec, subject))


def _measures(spec: FamilySpec, subject: Subject) -> list[Measure]:
    """The measures that the spec asks for, with the settings that the family knows."""
    settings = {"path_intervals": spec.path_intervals, "samples": spec.samples, **subject.ledger}
    measures: list[Measure] = [Ledger(spec.every, **settings)]
    if spec.gallery:
        measures.append(Gallery(spec.gallery_every, spec.gallery, **subject.gallery))
    if spec.kept:
        measures.append(ModelSpace(**{"most": spec.kept, "data": subject.examples, **subject.model_space}))
    return measures


def _score(spec: FamilySpec, subject: Subject) -> dict[str, Any]:
    """What the record says of the held-out data."""
    with undisturbed(subject.ppm.module, subject.ppm.device):
        found = subject.held_out(streams.generator_of(spec.seed, streams.HELD_OUT))
    return found.attributes()
