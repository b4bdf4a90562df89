"""The named run ``single``: one network trained on real images, watched."""

from __future__ import annotations

from szilard.studies.kits.experiment.reservoir import ReservoirSettings
from szilard.studies.kits.experiment.spec import Experiment, Probe, size_of
from szilard.training import SGD, Training, factory

RESERVOIR_EVERY = 200
"""Steps between bursts, each of which costs about thirty: twenty records on digits, sixty on the paper's network."""


def single(data: str = "digits") -> Experiment:
    """One multilayer perceptron, plain SGD, measured on test images at a fixed interval, so that it reproduces.

    On MNIST and Fashion-MNIST it is the paper's network (784-200-200-200-10).

    Raises:
        SpecError: if there are no settings for ``data``.
    """
    size = size_of("single", data)
    return Experiment(
        name="single",
        model=factory("nets:mlp", widths=size.widths),
        data=data,
        training=Training(optimizer=SGD(lr=0.1), batch_size=20, steps=size.steps),
        probe=Probe(split="test", size=size.probe),
        every=size.every,
        reservoir=ReservoirSettings(every=RESERVOIR_EVERY),
        threads=1,
    )
