"""Gradients of single examples in perceptrons, by their norms alone: ``‖g_x‖² = ‖δ_x‖² (‖h_x‖² + 1)`` in each layer.

The gradient of one example at a linear layer's weights is the outer product of the gradient δ at its output and of
what the layer heard, h; at its bias it is δ itself (Goodfellow 2015, arXiv:1510.01799). So the norms of n gradients
cost what the gradient of a batch of n costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from szilard.ensemble.gradients.sums import GradientSums, Group
from szilard.ensemble.trainer.fused import affine
from szilard.ensemble.trainer.mlp import Layer

_ROOM = 48 << 20
"""Bytes of activations at once, over all members."""


@final
class PerceptronGradients:
    """Written down for the mean cross-entropy; see :class:`~szilard.ensemble.gradients.sums.Gradients`.

    Args:
        layers: of the perceptron.
        shapes: of each parameter of one member, by name.
    """

    def __init__(self, layers: Sequence[Layer], shapes: Mapping[str, torch.Size]) -> None:
        self._layers = layers
        self._biased = [layer.bias in shapes for layer in layers]
        self._widest = sum(sum(shapes[layer.weight]) for layer in layers)
        own = [
            Group(
                f"layer {number} ({shapes[layer.weight][1]} → {shapes[layer.weight][0]})",
                (layer.weight, layer.bias) if biased else (layer.weight,),
                shapes[layer.weight].numel() + (shapes[layer.bias].numel() if biased else 0),
            )
            for number, (layer, biased) in enumerate(zip(layers, self._biased, strict=True), start=1)
        ]
        names = tuple(name for group in own for name in group.parameters)
        self.groups: Sequence[Group] = (Group("all", names, sum(group.size for group in own)), *own)

    @torch.no_grad()
    def __call__(
        self,
        parameters: Mapping[str, Tensor],
        inputs: Float[Tensor, "members examples *input"],
        labels: Int[Tensor, "members examples"],
        squares: bool = True,
    ) -> GradientSums:
        """One pass, in slices of examples."""
        inputs = inputs.flatten(2)
        members, examples = labels.shape
        each = members * self._widest * inputs.element_size()
        parts = max(1, min(examples, -(-examples * each // _ROOM)))
        whole: GradientSums | None = None
        for rows in torch.tensor_split(torch.arange(examples), parts):
            span = slice(int(rows[0]), int(rows[-1]) + 1)
            part = self._pass(parameters, inputs[:, span], labels[:, span], squares)
            whole = part if whole is None else whole + part
        assert whole is not None
        return whole

    def _pass(self, parameters: Mapping[str, Tensor], inputs: Tensor, labels: Tensor, squares: bool) -> GradientSums:
        heard, values = [inputs], []
        for layer in self._layers:
            value = affine(heard[-1], parameters[layer.weight], parameters.get(layer.bias))
            values.append(value)  # activations that overwrite it do not look at it again
            heard.append(layer.activation.forward(value) if layer.activation else value)
        log_p = torch.log_softmax(heard[-1], -1)
        chosen = labels.unsqueeze(-1)
        loss = -log_p.gather(-1, chosen).double().sum((1, 2))
        delta = log_p.exp_().scatter_add_(-1, chosen, torch.full_like(chosen, -1, dtype=log_p.dtype))
        gradient: dict[str, Tensor] = {}
        norms = [torch.empty(0)] * len(self._layers)
        for level in range(len(self._layers) - 1, -1, -1):
            layer, below = self._layers[level], heard[level]
            if layer.activation:
                delta = layer.activation.backward(delta, heard[level + 1], values[level])
            gradient[layer.weight] = torch.bmm(delta.transpose(1, 2), below)
            if self._biased[level]:
                gradient[layer.bias] = delta.sum(1)
            if squares:
                of_below = torch.linalg.vecdot(below, below) + float(self._biased[level])
                norms[level] = (torch.linalg.vecdot(delta, delta) * of_below).double().sum(1)
            delta = torch.bmm(delta, parameters[layer.weight]) if level else delta
        if not squares:
            return GradientSums(labels.shape[1], gradient, None, loss)
        own = torch.stack(norms, -1)
        return GradientSums(labels.shape[1], gradient, torch.cat([own.sum(-1, keepdim=True), own], -1), loss)
