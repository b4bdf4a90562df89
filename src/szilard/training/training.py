"""Which examples each training step sees.

How a model is trained: everything between its initialisation and its last step, the data excepted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from szilard.errors import SpecError
from szilard.settings import Settings
from szilard.training.factory import Factory
from szilard.training.optimizers import SGD, Adam, AdamW, Cosine, Decay


def batches(examples: int, size: int, shuffle: str, generator: torch.Generator) -> Iterator[Tensor]:
    """An endless run of index tensors shaped ``(size,)``.

    Args:
        examples: how many there are.
        size: of a batch.
        shuffle: ``"epochs"`` or ``"replacement"``; see :class:`szilard.Training`.
        generator: of the order.

    Raises:
        SpecError: if an epoch is smaller than one batch.
    """
    if shuffle == "epochs" and size > examples:
        raise SpecError(
            f"a batch of {size} is more than the {examples} training examples: lower training.batch_size, or set"
            " training.shuffle to 'replacement'."
        )
    return _endless(examples, size, shuffle, generator)


def _endless(examples: int, size: int, shuffle: str, generator: torch.Generator) -> Iterator[Tensor]:
    while True:
        if shuffle == "replacement":
            yield torch.randint(examples, (size,), generator=generator)
        else:
            order = torch.randperm(examples, generator=generator)
            yield from order[: examples - examples % size].split(size)


Loss = Callable[[Tensor, Tensor], Tensor]
"""From logits and labels of a batch to one number."""


@dataclass(frozen=True)
class Training(Settings):
    """How a model is trained.

    Attributes:
        optimizer: :class:`SGD`, :class:`Adam` or :class:`AdamW`.
        batch_size: examples in a step.
        steps: of the optimiser.
        shuffle: ``"epochs"`` goes through the data in a new order each time (a last batch that is not full is left
            out), ``"replacement"`` draws every batch anew.
        schedule: of the learning rate; None keeps it.
        loss: a factory of an ``nn.Module`` that takes logits and labels, ``factory("torch.nn:CrossEntropyLoss",
            label_smoothing=0.1)`` for instance; None is the mean cross-entropy.
        clip_norm: the most that the gradient's norm may be, over all parameters of one model; None leaves it.
    """

    optimizer: SGD | Adam | AdamW = SGD()  # noqa: RUF009 - frozen
    batch_size: int = 32
    steps: int = 1000
    shuffle: str = "epochs"
    schedule: Cosine | Decay | None = None
    loss: Factory | None = None
    clip_norm: float | None = None

    def check(self) -> None:
        self.require("batch_size", self.batch_size >= 1, "at least 1")
        self.require("steps", self.steps >= 1, "at least 1")
        self.require("shuffle", self.shuffle in ("epochs", "replacement"), "'epochs' or 'replacement'")
        self.require("clip_norm", self.clip_norm is None or self.clip_norm > 0, "positive")

    def criterion(self) -> Loss:
        """The loss of a batch.

        Raises:
            SpecError: if its factory cannot be called or makes no module.
        """
        return F.cross_entropy if self.loss is None else self.loss.build()

    @property
    def reconstructible(self) -> bool:
        """Whether a file can hold it, the loss included."""
        return self.loss is None or self.loss.reconstructible
