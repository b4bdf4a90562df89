"""The first member on a few inputs, to learn what the model gives and what it makes on the way."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.func import functional_call

from szilard.ensemble.trainer.randomness import RANDOM
from szilard.ensemble.trainer.stack import Stack


@torch.no_grad()
def first_logits(stack: Stack, inputs: Tensor) -> Tensor:
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


def activation_bytes(stack: Stack, inputs: Tensor) -> int:
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
