"""All members at once by ``torch.func``: any module that ``vmap`` takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, vmap

from szilard.ensemble.trainer.batches import Batches
from szilard.ensemble.trainer.optimizer import StackedOptimizer
from szilard.ensemble.trainer.stack import ModelStack
from szilard.ensemble.trainer.strategy import TrainingStrategy, added
from szilard.training.training import Loss

Tensors = dict[str, Tensor]
Gradient = Callable[[Tensors, Tensors, Tensor, Tensor], tuple[Tensors, tuple[Tensor, Tensors]]]
"""From parameters, buffers, inputs and labels to gradients, and losses with the buffers after the step."""


def gradient_of(skeleton: nn.Module, loss: Loss) -> Gradient:
    """A function that gives gradients and losses of stacked members, by ``vmap``."""

    def one(parameters: Tensors, buffers: Tensors, inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensors]:
        values = {**parameters, **buffers}
        lost = loss(functional_call(skeleton, values, (inputs,)), labels)
        # functional_call writes back what the module put in the place of a buffer.
        return lost, {name: values[name] for name in buffers}

    def gradient(
        parameters: Tensors, buffers: Tensors, inputs: Tensor, labels: Tensor
    ) -> tuple[Tensors, tuple[Tensor, Tensors]]:
        return vmap(grad_and_value(one, has_aux=True))(parameters, buffers, inputs, labels)

    return gradient


def compiled(gradient: Gradient) -> Gradient:
    """The same through ``torch.compile``: one shape for every call, so that it is compiled once."""
    return torch.compile(gradient, dynamic=False)


@final
class VectorisedTraining(TrainingStrategy):
    """Gradients by ``vmap`` of ``grad``, then ``torch.optim`` on the stacks.

    Args:
        gradient: see :func:`gradient_of`; it may be compiled.
        name: of the strategy.
    """

    def __init__(
        self, stack: ModelStack, batches: Batches, optimizer: StackedOptimizer, gradient: Gradient, name: str
    ) -> None:
        super().__init__(stack, batches, optimizer)
        self.name = name
        self._gradient = gradient

    @torch.no_grad()
    def train(self, first: int, steps: int, losses: Float[Tensor, " members"]) -> None:
        """Trains all members by one call a step; see :meth:`TrainingStrategy.train`."""
        stack = self.stack
        for step in range(first, first + steps):
            inputs, labels = self.batches.at(step)
            gradients, (loss, buffers) = self._gradient(stack.parameters, stack.buffers, inputs, labels)
            self.optimizer.update(step, [gradients[name] for name in stack.parameters])
            keep(stack.buffers, buffers)
            added(losses, loss)

    @torch.no_grad()
    def try_on(self, inputs: Tensor, labels: Tensor) -> None:
        """Takes gradients that nothing comes of: raises what they raise, and compiles what is to be compiled."""
        stack = self.stack
        self._gradient(stack.parameters, {name: value.clone() for name, value in stack.buffers.items()}, inputs, labels)

    def logits(self, inputs: Tensor) -> Tensor:
        """Logits of all members by one call; see :meth:`TrainingStrategy.logits`."""
        return stacked_logits(self.stack, inputs)


def keep(kept: Tensors, new: Tensors) -> None:
    """Writes to buffers what a forward pass put in their place; most are changed where they lie."""
    for name, value in new.items():
        if value is not kept[name]:
            kept[name].copy_(value)


@torch.no_grad()
def stacked_logits(stack: ModelStack, inputs: Tensor) -> Tensor:
    """Logits of all members on the same inputs, in evaluation mode."""
    skeleton = stack.skeleton
    # Modules may change their buffers in evaluation, too: these are copies.
    values = {**stack.parameters, **{name: value.clone() for name, value in stack.buffers.items()}}
    skeleton.eval()
    try:
        return vmap(lambda each: functional_call(skeleton, each, (inputs,)))(values)
    finally:
        skeleton.train()
