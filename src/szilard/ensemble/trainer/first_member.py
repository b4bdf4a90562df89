"""The first member on a few inputs: what the model gives, what it makes on the way, and whether labels fit it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.func import functional_call

from szilard.ensemble.trainer.cohort import Cohort
from szilard.ensemble.trainer.randomness import RANDOM
from szilard.ensemble.trainer.stack import ModelStack
from szilard.errors import ModelError, SpecError


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
