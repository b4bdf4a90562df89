"""The named run ``single``: one network trained on real images, watched."""

from __future__ import annotations

from typing import NamedTuple

from szilard.errors import SpecError, nearest
from szilard.experiments.spec import Experiment, Probe
from szilard.training import Training
from szilard.training.factory import factory
from szilard.training.optimizers import SGD


class _Size(NamedTuple):
    widths: tuple[int, ...]
    steps: int
    every: int
    probe: int


_IMAGES_OF_28 = _Size((784, 200, 200, 200, 10), steps=12_000, every=40, probe=1000)
_SIZES = {
    "digits": _Size((64, 100, 100, 10), steps=4000, every=10, probe=360),
    "mnist": _IMAGES_OF_28,
    "fashion-mnist": _IMAGES_OF_28,
}


def single(data: str = "digits") -> Experiment:
    """One multilayer perceptron, plain SGD, measured on test images at a fixed interval, so that it reproduces.

    On MNIST and Fashion-MNIST it is the paper's network (784-200-200-200-10).

    Raises:
        SpecError: if there are no settings for ``data``.
    """
    if data not in _SIZES:
        raise SpecError(f"the run 'single' has no settings for the data {data!r}: {nearest(data, _SIZES)}")
    size = _SIZES[data]
    return Experiment(
        name="single",
        model=factory("nets:mlp", widths=size.widths),
        data=data,
        training=Training(optimizer=SGD(lr=0.1), batch_size=20, steps=size.steps),
        probe=Probe(split="test", size=size.probe),
        every=size.every,
        threads=1,
    )
