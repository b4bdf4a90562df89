"""One member after the other: modules that ``vmap`` cannot take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from szilard.ensemble.trainer.batches import Batches
from szilard.ensemble.trainer.optimizer import StackedOptimizer
from szilard.ensemble.trainer.stack import ModelStack
from szilard.ensemble.trainer.strategy import TrainingStrategy, added
from szilard.training.training import Loss


@final
class LoopTraining(TrainingStrategy):
    """Plain modules, whose parameters and buffers are views into the stacks, and each with random states of its own.

    Args:
        seeds: of what the members' forward passes draw, dropout for instance.
        loss: of a batch.
    """

    name = "loop"

    def __init__(
        self, stack: ModelStack, batches: Batches, optimizer: StackedOptimizer, loss: Loss, seeds: Sequence[int]
    ) -> None:
        super().__init__(stack, batches, optimizer)
        self._loss = loss
        self._device = next(iter(stack.parameters.values())).device
        self._gradients = {name: torch.zeros_like(value) for name, value in stack.parameters.items()}
        for member, model in enumerate(stack.models):
            self._bind(member, model)
        self._states = [torch.Generator(self._device).manual_seed(seed).get_state() for seed in seeds]

    def train(self, first: int, steps: int, losses: Float[Tensor, " members"]) -> None:
        """Trains one member after the other; see :meth:`TrainingStrategy.train`."""
        for step in range(first, first + steps):
            inputs, labels = self.batches.at(step)
            torch._foreach_zero_(list(self._gradients.values()))
            lost = []
            with torch.random.fork_rng(devices=[self._device] if self._device.type == "cuda" else []):
                for member, model in enumerate(self.stack.models):
                    with torch.enable_grad(), self._randomness(member):
                        loss = self._loss(model(inputs[member]), labels[member])
                        loss.backward()
                    lost.append(loss.detach())
                    self._keep(member, model)
            with torch.no_grad():
                self.optimizer.update(step, list(self._gradients.values()))
            added(losses, torch.stack(lost))

    @torch.no_grad()
    def logits(self, inputs: Tensor) -> Tensor:
        """Logits of one member after the other; see :meth:`TrainingStrategy.logits`."""
        found = []
        buffers = {name: value.clone() for name, value in self.stack.buffers.items()}
        with torch.random.fork_rng(devices=[self._device] if self._device.type == "cuda" else []):
            for member, model in enumerate(self.stack.models):
                model.eval()
                try:
                    found.append(model(inputs))
                finally:
                    model.train()
                    self._bind(member, model)
        for name, value in buffers.items():
            self.stack.buffers[name].copy_(value)
        return torch.stack(found)

    def state(self) -> dict[str, Tensor]:
        """The stacks and each member's random state; see :meth:`TrainingStrategy.state`."""
        return {**super().state(), "forward.states": torch.stack(self._states)}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Goes back, random states included; see :meth:`TrainingStrategy.load`."""
        super().load(state)
        # Copies, for set_rng_state() reads a tensor's storage from its start.
        self._states = [each.clone() for each in state["forward.states"].cpu()]

    def _bind(self, member: int, model: nn.Module) -> None:
        """Makes the model's tensors views of the stacks."""
        for name, parameter in model.named_parameters():
            if name in self.stack.parameters:
                parameter.data = self.stack.parameters[name][member]
                parameter.grad = self._gradients[name][member]
            else:
                parameter.data = self.stack.buffers[name][member]
        for name, _ in model.named_buffers():
            owner, _, leaf = name.rpartition(".")
            model.get_submodule(owner)._buffers[leaf] = self.stack.buffers[name][member]

    def _keep(self, member: int, model: nn.Module) -> None:
        """Writes to the stacks the buffers that the forward pass replaced instead of changing them where they lie."""
        for name, buffer in list(model.named_buffers()):
            view = self.stack.buffers[name][member]
            if buffer.data_ptr() != view.data_ptr():
                view.copy_(buffer.detach())
                owner, _, leaf = name.rpartition(".")
                model.get_submodule(owner)._buffers[leaf] = view

    @contextmanager
    def _randomness(self, member: int) -> Iterator[None]:
        """The member's own random state, taken up and put away."""
        cuda = self._device.type == "cuda"
        if cuda:
            torch.cuda.set_rng_state(self._states[member], self._device)
        else:
            torch.set_rng_state(self._states[member])
        yield
        self._states[member] = torch.cuda.get_rng_state(self._device) if cuda else torch.get_rng_state()
