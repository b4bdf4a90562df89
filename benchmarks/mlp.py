"""The network and data of the cost benchmarks: four layers of width 200 on MNIST, plain SGD."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor, nn

import szilard


def network(seed: int = 0) -> nn.Sequential:
    """784-200-200-200-10 with ReLU."""
    torch.manual_seed(seed)
    widths = [784, 200, 200, 200, 10]
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def mnist() -> tuple[Tensor, Tensor, Tensor]:
    """Training inputs and labels, and 512 test inputs as probe."""
    data = szilard.data.load("mnist")
    return data.train_inputs.flatten(1), data.train_labels, data.test_inputs.flatten(1)[:512]


def batches(inputs: Tensor, labels: Tensor, size: int, seed: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
    """Endless minibatches with replacement."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        rows = torch.randint(len(inputs), (size,), generator=generator)
        yield inputs[rows], labels[rows]
