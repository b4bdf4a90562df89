"""The named runs ``memorisation`` and ``budget``; a spec of an ensemble is an experiment with a design."""

from __future__ import annotations

from szilard.ensemble.datasets import Disjoint
from szilard.ensemble.design import Design
from szilard.ensemble.record_at import Geometric
from szilard.ensemble.tasks import LabelPermutation
from szilard.studies.kits.experiment.spec import Experiment, Probe, size_of
from szilard.training import SGD, Training, factory

TASKS = 24
"""So many that few classes keep their name to themselves: the bracket of what was learned is then narrower than it."""
SHORTER = 8
"""The training is so many times shorter than that of single runs: until answers begin to be certain."""


def memorisation(data: str = "digits") -> Experiment:
    """Six disjoint data sets, three seeds each, one task: ``info_dataset`` and ``info_seed`` on test images.

    Set ``label_noise`` to see memorisation rise; the probe's labels serve the comparison alone.

    Raises:
        SpecError: if there are no settings for ``data``.
    """
    size = size_of("memorisation", data)
    return Experiment(
        name="memorisation",
        model=factory("nets:mlp", widths=size.widths),
        data=data,
        training=Training(optimizer=SGD(lr=0.1), batch_size=20, steps=size.steps),
        probe=Probe(split="test", size=size.probe),
        design=Design(datasets=Disjoint(6, size=size.dataset), seeds=3),
    )


def budget(data: str = "digits") -> Experiment:
    """24 tasks (each names the classes in its own way) of three data sets, three seeds each: 216 members.

    Raises:
        SpecError: if there are no settings for ``data``.
    """
    size = size_of("budget", data)
    return Experiment(
        name="budget",
        model=factory("nets:mlp", widths=size.widths),
        data=data,
        training=Training(optimizer=SGD(lr=0.1), batch_size=20, steps=size.steps // SHORTER),
        probe=Probe(split="test", size=size.probe),
        design=Design(
            tasks=LabelPermutation(TASKS), datasets=Disjoint(3, size=3 * size.dataset // 2, label_noise=0.1), seeds=3
        ),
        record_at=Geometric(14, first=20),
    )
