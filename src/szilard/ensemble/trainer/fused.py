"""Multilayer perceptrons: gradients written down, and plain SGD folded into the product that makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from szilard.ensemble.trainer.batches import Batches
from szilard.ensemble.trainer.deferred import DeferredLayer, horizon
from szilard.ensemble.trainer.mlp import Layer
from szilard.ensemble.trainer.optimizer import StackedOptimizer
from szilard.ensemble.trainer.stack import ModelStack
from szilard.ensemble.trainer.strategy import TrainingStrategy, added


@final
class FusedTraining(TrainingStrategy):
    """Batched products over members, without a graph.

    Args:
        layers: of the perceptron.
        fold: whether the update is plain SGD (no momentum, clipping or noise), ``W ← (1 − rλ) W − r δᵀh``, which is one
            product with the weights as its target.
        decay: λ, the weight decay, where it is.
        batch_size: examples in a step.
    """

    name = "fused"

    def __init__(
        self,
        stack: ModelStack,
        batches: Batches,
        optimizer: StackedOptimizer,
        layers: Sequence[Layer],
        fold: bool,
        decay: float,
        batch_size: int,
    ) -> None:
        super().__init__(stack, batches, optimizer)
        self._layers = layers
        self._fold = fold
        self._decay = decay
        self._weights = [stack.parameters[layer.weight] for layer in layers]
        self._biases = [stack.parameters.get(layer.bias) for layer in layers]
        self._gradients = {} if fold else {name: torch.zeros_like(value) for name, value in stack.parameters.items()}
        # A weight that decays fast would be divided by what is left of it.
        slow = optimizer.highest * decay < 0.1
        steps = horizon(self._weights[0], batch_size) if fold and slow else 1
        self._deferred = DeferredLayer(self._weights[0], self._biases[0], batch_size, steps) if steps > 1 else None
        self._labels = torch.empty(0)
        self._next = 0

    @torch.no_grad()
    def train(self, first: int, steps: int, losses: Float[Tensor, " members"]) -> None:
        """Trains by one product a layer where updates fold; see :meth:`TrainingStrategy.train`."""
        for step in range(first, first + steps):
            rate = self.optimizer.rate(step)
            if self._deferred is None:
                inputs, labels = self.batches.at(step)
                inputs = inputs.flatten(2)
                delta = self._above(affine(inputs, self._weights[0], self._biases[0]), labels, rate, losses)
                self._move(0, delta, inputs, rate)
            else:
                self._next = step
                self._open(self._deferred)
                labels = self._labels[:, self._deferred.done]
                delta = self._above(self._deferred.output(), labels, rate, losses)
                self._deferred.push(delta, rate, 1 - rate * self._decay)
            if not self._fold:
                self.optimizer.update(step, list(self._gradients.values()))
        self._next = first + steps

    @torch.no_grad()
    def logits(self, inputs: Tensor) -> Tensor:
        """Logits by one product a layer; see :meth:`TrainingStrategy.logits`."""
        parameters = self.parameters()
        value = inputs.flatten(1).expand(len(self._weights[0]), -1, -1)
        for layer in self._layers:
            value = affine(value, parameters[layer.weight], parameters.get(layer.bias))
            value = layer.activation.forward(value) if layer.activation else value
        return value

    @torch.no_grad()
    def parameters(self) -> dict[str, Float[Tensor, members * parameter]]:
        """The parameters with what waits in the first layer; see :meth:`TrainingStrategy.parameters`."""
        parameters = super().parameters()
        if self._deferred is not None and self._deferred.done:
            self._open(self._deferred)
            weight, bias = self._deferred.current()
            parameters[self._layers[0].weight] = weight
            if bias is not None:
                parameters[self._layers[0].bias] = bias
        return parameters

    def parameter(self, name: str) -> Float[Tensor, members * parameter]:
        """See :meth:`TrainingStrategy.parameter`; only the first layer's may be waiting for updates."""
        first = (self._layers[0].weight, self._layers[0].bias)
        return self.parameters()[name] if name in first else super().parameter(name)

    def state(self) -> dict[str, Tensor]:
        """See :meth:`TrainingStrategy.state`; where updates wait, the first layer is as it was before them."""
        waiting = {} if self._deferred is None else self._deferred.state()
        return {**super().state(), **waiting}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Goes back, what waits included; see :meth:`TrainingStrategy.load`."""
        super().load(state)
        self._next = int(state["step"])
        if self._deferred is not None:
            self._deferred.load(state)

    def _open(self, deferred: DeferredLayer) -> None:
        """Looks up the inputs of the block that the next step lies in, if they are not at hand."""
        if not deferred.opened:
            inputs, labels = self.batches.span(self._next - deferred.done, deferred.steps)
            deferred.open(inputs.flatten(3).flatten(1, 2))
            self._labels = labels

    def _above(self, value: Tensor, labels: Tensor, rate: float, losses: Tensor) -> Tensor:
        """From the first layer's output up and back down again, moving all layers above it; the gradient there."""
        heard: list[Tensor] = []
        values: list[Tensor] = []
        for level, layer in enumerate(self._layers):
            if level:
                value = affine(heard[-1], self._weights[level], self._biases[level])
            values.append(value)
            heard.append(layer.activation.forward(value) if layer.activation else value)
        loss, delta = cross_entropy(heard[-1], labels)
        added(losses, loss)
        last = self._layers[-1].activation
        delta = last.backward(delta, heard[-1], values[-1]) if last else delta
        for level in range(len(self._layers) - 1, 0, -1):
            below = torch.bmm(delta, self._weights[level])
            self._move(level, delta, heard[level - 1], rate)
            activation = self._layers[level - 1].activation
            delta = activation.backward(below, heard[level - 1], values[level - 1]) if activation else below
        return delta

    def _move(self, level: int, delta: Tensor, heard: Tensor, rate: float) -> None:
        weight, bias, layer = self._weights[level], self._biases[level], self._layers[level]
        if self._fold:
            shrunk = 1 - rate * self._decay
            weight.baddbmm_(delta.transpose(1, 2), heard, beta=shrunk, alpha=-rate)
            if bias is not None:
                bias = bias if shrunk == 1 else bias.mul_(shrunk)
                bias.sub_(delta.squeeze(1) if delta.shape[1] == 1 else delta.sum(1), alpha=rate)
            return
        torch.bmm(delta.transpose(1, 2), heard, out=self._gradients[layer.weight])
        if bias is not None:
            torch.sum(delta, 1, out=self._gradients[layer.bias])


def affine(
    value: Float[Tensor, "members batch in"], weight: Float[Tensor, "members out in"], bias: Tensor | None
) -> Float[Tensor, "members batch out"]:
    """``value Wᵀ + bias`` for every member, members leading."""
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
