"""The named run ``memorisation``: what networks remember of the very sample they were trained on."""

from __future__ import annotations

from szilard.ensemble.datasets import Disjoint
from szilard.ensemble.design import Design
from szilard.studies.kits.experiment.sizes import size_of
from szilard.studies.kits.experiment.spec import Experiment, Probe
from szilard.training import SGD, Training, factory


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
