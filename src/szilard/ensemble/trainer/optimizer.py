"""The optimiser over stacked parameters: torch.optim as it stands, which works element by element."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from szilard.ensemble.trainer.randomness import RandomStreams
from szilard.training.training import Training

_DRAWS = 1 << 16
"""Normal numbers that are drawn at once for a member."""


@final
class StackedOptimizer:
    """Clips, steps and kicks all members, each as if it were alone.

    Args:
        training: its optimiser, schedule and clipping.
        parameters: stacked, by name.
        seeds: of the members' Langevin noise.
    """

    def __init__(self, training: Training, parameters: Mapping[str, Tensor], seeds: Sequence[int]) -> None:
        self._training = training
        self._names = list(parameters)
        self._parameters = list(parameters.values())
        # The specs are typed for parameters; torch.optim takes any leaf.
        leaves: list[nn.Parameter] = self._parameters  # type: ignore[assignment]
        self.optimizer = training.optimizer.build(leaves)
        self._sigma = math.sqrt(getattr(training.optimizer, "noise", 0.0))
        self._kicks = RandomStreams(seeds, "langevin noise")
        self._members = len(seeds)
        self._block = -1
        self._kick: list[Tensor] = []

    def rate(self, step: int) -> float:
        """The learning rate at a training step, schedule included."""
        training = self._training
        multiplier = training.schedule.multiplier(step, training.steps) if training.schedule else 1.0
        return training.optimizer.lr * multiplier

    @cached_property
    def highest(self) -> float:
        """The highest learning rate of the whole training."""
        return max(self.rate(step) for step in range(self._training.steps)) if self._training.schedule else self.rate(0)

    def update(self, step: int, gradients: Sequence[Tensor]) -> None:
        """One step along the gradients, which it may overwrite."""
        if self._training.clip_norm is not None:
            clip(gradients, self._training.clip_norm)
        for parameter, gradient in zip(self._parameters, gradients, strict=True):
            parameter.grad = gradient
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate(step)
        self.optimizer.step()
        self.kick(step)

    def kick(self, step: int) -> None:
        """Langevin noise, if the optimiser has any: the same for a member whatever sits beside it."""
        if not self._sigma:
            return
        each = sum(parameter[0].numel() for parameter in self._parameters)
        steps = max(1, _DRAWS // each)
        number, within = divmod(step, steps)
        if number != self._block:
            self._kick = [
                torch.from_numpy(self._kicks.generator(member, number).standard_normal((steps, each)))
                for member in range(self._members)
            ]
            self._block = number
        noise = torch.stack([kick[within] for kick in self._kick]) * self._sigma
        parts = noise.split([parameter[0].numel() for parameter in self._parameters], 1)
        for parameter, part in zip(self._parameters, parts, strict=True):
            parameter.add_(part.view_as(parameter).to(parameter))

    @cached_property
    def remembers(self) -> frozenset[str]:
        """The names of what the optimiser keeps from one step to the next."""
        parameter = nn.Parameter(torch.zeros(1))
        parameter.grad = torch.zeros(1)
        optimizer = self._training.optimizer.build([parameter])
        optimizer.step()
        return frozenset(key for key, value in optimizer.state[parameter].items() if isinstance(value, Tensor))

    def state(self) -> dict[str, Tensor]:
        """What the optimiser remembers, by parameter and name."""
        return {
            f"{name}.{key}": value
            for name, parameter in zip(self._names, self._parameters, strict=True)
            for key, value in self.optimizer.state[parameter].items()
            if isinstance(value, Tensor)
        }

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Takes up what :meth:`state` gave in place of what the optimiser remembers."""
        for name, parameter in zip(self._names, self._parameters, strict=True):
            prefix = f"{name}."
            mine = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
            kept = {key: value.to(parameter.device if value.ndim else "cpu").clone() for key, value in mine.items()}
            self.optimizer.state[parameter] = kept


def clip(gradients: Sequence[Float[Tensor, members * parameter]], most: float) -> None:
    """Shortens each member's gradient to the norm ``most`` in place, as ``torch.nn.utils.clip_grad_norm_`` does."""
    norms = torch.stack([gradient.flatten(1).norm(dim=1) for gradient in gradients])
    share = (most / (norms.norm(dim=0) + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(share.view(-1, *[1] * (gradient.ndim - 1)))
