"""Multilayer perceptrons: gradients written down, and plain SGD folded into the product that makes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, final

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from szilard.ensemble.trainer.batches import Batches
from szilard.ensemble.trainer.descent import Descent
from szilard.ensemble.trainer.lane import Lane, added
from szilard.ensemble.trainer.mlp import Layer
from szilard.ensemble.trainer.stack import Stack


@final
class Fused(Lane):
    """Batched products over members, without a graph.

    Args:
        layers: of the perceptron.
        fold: whether the update is plain SGD (no momentum, clipping or noise), ``W ← (1 − rλ) W − r δᵀh``, which is one
            product with the weights as its target.
        decay: λ, the weight decay, where it is.
    """

    name: ClassVar[str] = "fused"

    def __init__(
        self, stack: Stack, batches: Batches, descent: Descent, layers: Sequence[Layer], fold: bool, decay: float
    ) -> None:
        super().__init__(stack, batches, descent)
        self._layers = layers
        self._fold = fold
        self._decay = decay
        self._weights = [stack.parameters[layer.weight] for layer in layers]
        self._biases = [stack.parameters.get(layer.bias) for layer in layers]
        self._gradients = {} if fold else {name: torch.zeros_like(value) for name, value in stack.parameters.items()}

    @torch.no_grad()
    def train(self, first: int, steps: int, losses: Float[Tensor, " members"]) -> None:
        """See :meth:`Lane.train`."""
        for step in range(first, first + steps):
            inputs, labels = self.batches.at(step)
            self._step(step, inputs.flatten(2), labels, losses)

    @torch.no_grad()
    def logits(self, inputs: Tensor) -> Tensor:
        """See :meth:`Lane.logits`."""
        value = inputs.flatten(1).expand(len(self._weights[0]), -1, -1)
        for layer, weight, bias in zip(self._layers, self._weights, self._biases, strict=True):
            value = affine(value, weight, bias)
            value = layer.activation.forward(value) if layer.activation else value
        return value

    def _step(self, step: int, inputs: Tensor, labels: Tensor, losses: Tensor) -> None:
        heard, values = [inputs], []
        for layer, weight, bias in zip(self._layers, self._weights, self._biases, strict=True):
            value = affine(heard[-1], weight, bias)
            kept = value
            if layer.activation:
                value = layer.activation.forward(value)
            values.append(kept)
            heard.append(value)
        loss, delta = cross_entropy(heard.pop(), labels)
        added(losses, loss)
        rate = self.descent.rate(step)
        for level in reversed(range(len(self._layers))):
            before = torch.bmm(delta, self._weights[level]) if level else None
            self._move(level, delta, heard[level], rate)
            if before is not None:
                activation = self._layers[level - 1].activation
                delta = activation.backward(before, heard[level], values[level - 1]) if activation else before
        if not self._fold:
            self.descent.update(step, list(self._gradients.values()))

    def _move(self, level: int, delta: Tensor, heard: Tensor, rate: float) -> None:
        weight, bias, layer = self._weights[level], self._biases[level], self._layers[level]
        if self._fold:
            shrunk = 1 - rate * self._decay
            weight.baddbmm_(delta.transpose(1, 2), heard, beta=shrunk, alpha=-rate)
            if bias is not None:
                bias.mul_(shrunk).sub_(delta.sum(1), alpha=rate)
            return
        torch.bmm(delta.transpose(1, 2), heard, out=self._gradients[layer.weight])
        if bias is not None:
            torch.sum(delta, 1, out=self._gradients[layer.bias])


def affine(
    value: Float[Tensor, "members batch in"], weight: Float[Tensor, "members out in"], bias: Tensor | None
) -> Float[Tensor, "members batch out"]:
    """``value Wᵀ + bias`` for every member."""
    if bias is None:
        return torch.bmm(value, weight.transpose(1, 2))
    return torch.baddbmm(bias.unsqueeze(1), value, weight.transpose(1, 2))


def cross_entropy(
    logits: Float[Tensor, "members batch outcomes"], labels: Int[Tensor, "members batch"]
) -> tuple[Shaped[Tensor, " members"], Float[Tensor, "members batch outcomes"]]:
    """The mean over each member's batch, and its gradient ``(p − 1_label)/|b|``."""
    log_p = torch.log_softmax(logits, -1)
    chosen = labels.unsqueeze(-1)
    loss = log_p.gather(-1, chosen).mean((1, 2)).neg_()
    delta = log_p.exp_()
    delta.scatter_add_(-1, chosen, torch.full_like(chosen, -1, dtype=delta.dtype))
    return loss, delta.div_(logits.shape[1])
