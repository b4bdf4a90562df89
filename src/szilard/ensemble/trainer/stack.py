"""The members' models, and their parameters and buffers one above the other.

The first member on a few inputs: what the model gives, what it makes on the way, and whether labels fit it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import final

import torch
from torch import Tensor, nn
from torch.func import functional_call

from szilard.ensemble.trainer.batches import Cohort
from szilard.ensemble.trainer.randomness import RANDOM
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


@torch.no_grad()
def first_logits(stack: ModelStack, inputs: Tensor) -> Tensor:
    """Logits of the first member, in evaluation mode; neither its buffers nor the program's randomness change."""
    skeleton = stack.skeleton
    values = {name: value[0].clone() for name, value in (*stack.parameters.items(), *stack.buffers.items())}
    skeleton.eval()
    try:
        with RANDOM, torch.random.fork_rng(devices=[inputs.device] if inputs.device.type == "cuda" else []):
            logits: Tensor = functional_call(skeleton, values, (inputs,))
    finally:
        skeleton.train()
    return logits


def activation_bytes(stack: ModelStack, inputs: Tensor) -> int:
    """Bytes of the inputs and of all that the model's modules give on their way, for one member."""
    found = [inputs.nbytes]

    def note(module: nn.Module, given: object, output: object) -> None:
        if isinstance(output, Tensor):
            found.append(output.nbytes)

    hooks = [module.register_forward_hook(note) for module in stack.skeleton.modules()]
    try:
        first_logits(stack, inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return sum(found)


def check_labels(stack: ModelStack, inputs: Tensor, cohort: Cohort) -> None:
    """Holds all labels against the outcomes, for the mean cross-entropy.

    A model that fails on the inputs is passed over: the strategies say what is wrong with it.

    Args:
        stack: the members.
        inputs: a batch, shaped ``(batch, *input)``.
        cohort: what they train on.

    Raises:
        ModelError: if the model has several heads.
        SpecError: if a label is no outcome.
    """
    try:
        logits = first_logits(stack, inputs)
    except Exception:
        return
    if logits.ndim > 2:
        raise ModelError(
            f"the model gives logits {tuple(logits.shape)}, (batch, heads, outcomes), which the cross-entropy cannot"
            " take: a model with several heads needs a loss of its own, so set Training(loss=…)."
        )
    labels = cohort.labels
    if logits.ndim < 2 or labels.ndim != 2 or labels.dtype != torch.int64:
        return
    outcomes = logits.shape[1]
    lowest, highest = int(labels.min()), int(labels.max())
    if highest >= outcomes:
        raise SpecError(
            f"the largest label is {highest}, but the model has {outcomes} outcomes: labels must go from 0 to"
            f" {outcomes - 1}, or the model needs more outcomes."
        )
    if lowest < 0:
        raise SpecError(f"the smallest label is {lowest}: labels must go from 0 to {outcomes - 1}.")
