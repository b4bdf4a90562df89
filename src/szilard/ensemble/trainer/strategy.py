"""What every way of training a chunk of members has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from szilard.ensemble.trainer.batches import Batches
from szilard.ensemble.trainer.optimizer import StackedOptimizer
from szilard.ensemble.trainer.stack import ModelStack


class TrainingStrategy(ABC):
    """One way of training all members of a stack.

    Args:
        stack: the members' models.
        batches: what they train on.
        optimizer: the optimiser over the stack's parameters.
    """

    name: str
    """As it is asked for."""

    def __init__(self, stack: ModelStack, batches: Batches, optimizer: StackedOptimizer) -> None:
        self.stack = stack
        self.batches = batches
        self.optimizer = optimizer

    @abstractmethod
    def train(self, first: int, steps: int, losses: Float[Tensor, " members"]) -> None:
        """Trains from step ``first`` on, and adds the training loss of each step to ``losses``."""

    @abstractmethod
    def logits(self, inputs: Shaped[Tensor, inputs * input]) -> Float[Tensor, "members inputs *heads outcomes"]:
        """Logits of every member on the same inputs, in evaluation mode."""

    def parameters(self) -> dict[str, Float[Tensor, members * parameter]]:
        """The parameters as they stand, by name; not to be written to."""
        return dict(self.stack.parameters)

    def parameter(self, name: str) -> Float[Tensor, members * parameter]:
        """The stacked parameter of this name, as in :meth:`parameters`."""
        return self.stack.parameters[name]

    def state(self) -> dict[str, Tensor]:
        """Everything that the next step depends on, except the number of the step."""
        stack = self.stack
        return {
            **{f"parameters.{name}": value for name, value in stack.parameters.items()},
            **{f"buffers.{name}": value for name, value in stack.buffers.items()},
            **{f"optimizer.{name}": value for name, value in self.optimizer.state().items()},
        }

    def shapes(self, started: bool) -> dict[str, tuple[int, ...] | None]:
        """What :meth:`state` holds: names to shapes (None where any will do), once a step was done or before."""
        expected: dict[str, tuple[int, ...] | None] = {name: tuple(each.shape) for name, each in self.state().items()}
        if started:
            for name, parameter in self.stack.parameters.items():
                for key in self.optimizer.remembers:
                    expected[f"optimizer.{name}.{key}"] = None if key == "step" else tuple(parameter.shape)
        return expected

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Goes back to what :meth:`state` gave; the caller has compared names and shapes."""
        for prefix, kept in (("parameters.", self.stack.parameters), ("buffers.", self.stack.buffers)):
            for name, value in kept.items():
                value.copy_(state[prefix + name])
        self.optimizer.load(
            {key.removeprefix("optimizer."): value for key, value in state.items() if key.startswith("optimizer.")}
        )


def added(losses: Tensor, loss: Tensor) -> None:
    """Adds in float64, one step after the other, so that the sum does not depend on where training paused."""
    losses.add_(loss.detach().to(torch.float64))
