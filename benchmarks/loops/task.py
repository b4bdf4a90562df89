"""What every loop here learns: handwritten digits in small, or MNIST where time is taken."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import final

from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

import szilard


@final
class Examples(Dataset[tuple[Tensor, Tensor]]):
    """A training set that notes when each batch was drawn, in processor seconds.

    Args:
        inputs: of all examples.
        labels: of all examples.
    """

    def __init__(self, inputs: Tensor, labels: Tensor) -> None:
        self.inputs, self.labels = inputs, labels
        self.drawn: list[float] = []
        """Processor time at each batch."""

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.inputs[index], self.labels[index]

    def __getitems__(self, indices: Sequence[int]) -> list[tuple[Tensor, Tensor]]:
        self.drawn.append(time.process_time())
        return [(self.inputs[index], self.labels[index]) for index in indices]


@final
@dataclass
class Task:
    """A training to be carried out.

    Attributes:
        out: directory of the record.
        examples: to learn from.
        probe: inputs on which the model is watched.
        labels: of the probe.
        network: makes the untrained model.
        batch_size: of the loop.
        epochs: to train for.
        every: training steps between records.
    """

    out: str
    examples: Examples
    probe: Tensor
    labels: Tensor
    network: Callable[[], nn.Module]
    batch_size: int = 32
    epochs: int = 2
    every: int = 1
    loaders: list[DataLoader] = field(default_factory=list)

    def loader(self, **settings: object) -> DataLoader:
        """Batches of the examples, shuffled, with a shorter one at the end."""
        return DataLoader(self.examples, **{"batch_size": self.batch_size, "shuffle": True} | settings)


def digits(out: str) -> Task:
    """330 digits of eight by eight: two epochs of eleven batches, the last of ten."""
    data = szilard.data.load("digits")
    examples = Examples(data.train_inputs[:330], data.train_labels[:330])
    return Task(out, examples, data.test_inputs[:100], data.test_labels[:100], convolutional)


def mnist(out: str, every: int, steps: int, batch_size: int = 128) -> Task:
    """The network of the cost benchmarks on MNIST, for as many steps as are timed, and then some."""
    data = szilard.data.load("mnist")
    examples = Examples(data.train_inputs.flatten(1), data.train_labels)
    epochs = -(-steps * batch_size // len(examples))
    probe = data.test_inputs.flatten(1)[:512]
    return Task(out, examples, probe, data.test_labels[:512], perceptron, batch_size, epochs, every)


def convolutional() -> nn.Module:
    """A small network with what makes watching hard: batch norm, whose statistics move, and dropout, which draws."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(128, 32),
        nn.ReLU(),
        nn.Linear(32, 10),
    )


def perceptron() -> nn.Module:
    """784-200-200-200-10."""
    layers: list[nn.Module] = []
    for before, after in pairwise([784, 200, 200, 200, 10]):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
