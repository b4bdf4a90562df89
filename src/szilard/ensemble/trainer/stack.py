"""The members' models, and their parameters and buffers one above the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import final

import torch
from torch import Tensor, nn

from szilard.errors import ModelError, SpecError

Build = Callable[[], nn.Module]


@final
class ModelStack:
    """Models that were initialised one by one and whose tensors now lie in stacks, with members leading.

    Args:
        models: equal but for the values of their parameters and buffers; they are moved to ``device``.
        device: where they train.

    Raises:
        ModelError: if there is nothing to train, a parameter has no shape yet, or the models differ in their parts.
    """

    def __init__(self, models: Sequence[nn.Module], device: torch.device) -> None:
        _check(models)
        self.models = [model.to(device).train() for model in models]
        """Each with values of its own; only :class:`LoopTraining` keeps them in step with the stacks."""
        trained = [name for name, parameter in models[0].named_parameters() if parameter.requires_grad]
        self.parameters = {name: self._of(name) for name in trained}
        """What is trained: name to tensor shaped ``(members, *parameter)``."""
        fixed = [name for name, _ in models[0].named_parameters() if name not in self.parameters]
        buffers = [name for name, _ in models[0].named_buffers()]
        self.buffers = {name: self._of(name) for name in (*fixed, *buffers)}
        """What else fixes a model: its buffers and frozen parameters."""

    @property
    def skeleton(self) -> nn.Module:
        """A model to be called with other values in place of its own, which do not matter."""
        return self.models[0]

    def _of(self, name: str) -> Tensor:
        owner, _, leaf = name.rpartition(".")
        return torch.stack([getattr(model.get_submodule(owner), leaf).detach() for model in self.models])


def initialise(build: Build, seeds: Sequence[int]) -> list[nn.Module]:
    """One model for each seed; equal seeds start equal. The random state of the program is left as it was.

    Raises:
        ModelError: if ``build`` makes no module.
    """
    models = []
    with torch.random.fork_rng(devices=[]):
        for seed in seeds:
            torch.manual_seed(seed)
            model = build()
            if not isinstance(model, nn.Module):
                raise ModelError(f"build() returned a {type(model).__name__}: it must return an nn.Module.")
            models.append(model)
    if len({id(model) for model in models}) < len(models):
        raise ModelError("build() returned one and the same module twice: let each call make a new one.")
    return models


def _check(models: Sequence[nn.Module]) -> None:
    if not models:
        raise SpecError("there are no members to train: give at least one seed.")
    shapes = []
    for model in models:
        tensors = [*model.named_parameters(), *model.named_buffers()]
        for name, tensor in tensors:
            if isinstance(tensor, nn.UninitializedParameter | nn.UninitializedBuffer):
                raise ModelError(f"{name} of the model has no shape yet: let build() run it once on an input.")
        shapes.append([(name, tensor.shape, tensor.dtype, tensor.requires_grad) for name, tensor in tensors])
    if not any(parameter.requires_grad for parameter in models[0].parameters()):
        raise ModelError("the model has no parameter that is trained: give one that has.")
    if any(shape != shapes[0] for shape in shapes):
        raise ModelError("build() makes models of different parts or shapes: all members must be alike but for values.")
