"""The named run ``budget``: learned, memorised, luck, all three levels of the information budget."""

from __future__ import annotations

from szilard.ensemble.datasets import Disjoint
from szilard.ensemble.design import Design
from szilard.ensemble.tasks import LabelPermutation
from szilard.experiments.sizes import size_of
from szilard.experiments.spec import Experiment, Probe
from szilard.training import SGD, Training, factory


def budget(data: str = "digits") -> Experiment:
    """Six tasks (each names the classes in its own way) of four data sets, three seeds each: 72 members.

    Raises:
        SpecError: if there are no settings for ``data``.
    """
    size = size_of("budget", data)
    return Experiment(
        name="budget",
        model=factory("nets:mlp", widths=size.widths),
        data=data,
        training=Training(optimizer=SGD(lr=0.1), batch_size=20, steps=size.steps),
        probe=Probe(split="test", size=size.probe),
        design=Design(tasks=LabelPermutation(6), datasets=Disjoint(4, size=size.dataset, label_noise=0.1), seeds=3),
    )
