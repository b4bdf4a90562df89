"""Gradients of single examples: in perceptrons by their norms alone, elsewhere by ``vmap``, and which way is taken.

In perceptrons ``‖g_x‖² = ‖δ_x‖² (‖h_x‖² + 1)`` in each layer: the gradient of one example at a linear layer's weights
is the outer product of the gradient δ at its output and of what the layer heard, h; at its bias it is δ itself
(Goodfellow 2015, arXiv:1510.01799). So the norms of n gradients cost what the gradient of a batch of n costs.

``torch.func`` serves any module that ``vmap`` takes, a slice of examples at a time.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import final

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, vmap

from szilard.ensemble.gradient_sums import Gradients, GradientSums, Group, over_groups
from szilard.ensemble.trainer.fused import affine
from szilard.ensemble.trainer.mlp import Layer, layers_of, plain
from szilard.errors import ModelError
from szilard.training.training import Loss

_ACTIVATION_ROOM = 48 << 20
"""Bytes of activations at once, over all members."""


@final
class PerceptronGradients:
    """Written down for the mean cross-entropy; see :class:`~szilard.ensemble.gradient_sums.Gradients`.

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
        parts = max(1, min(examples, -(-examples * each // _ACTIVATION_ROOM)))
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


_GRADIENT_ROOM = 64 << 20
"""Bytes of gradients of single examples at once."""


@final
class VmapGradients:
    """For models that are no plain perceptrons; see :class:`~szilard.ensemble.gradient_sums.Gradients`.

    Args:
        model: whose own values do not matter.
        loss: from the logits and labels of a batch to their mean loss.

    Raises:
        ModelError: if the model has buffers, by which its examples may see one another.
    """

    def __init__(self, model: nn.Module, loss: Loss) -> None:
        if any(True for _ in model.buffers()):
            raise ModelError(
                "the model has buffers, as batch normalisation has, so that the gradient of one example is not its"
                " own: take a model without them."
            )
        skeleton = copy.deepcopy(model).eval()
        sizes = {name: value.numel() for name, value in skeleton.named_parameters() if value.requires_grad}
        modules = dict.fromkeys(name.rpartition(".")[0] for name in sizes)
        own = [
            Group(module or "model", names, sum(sizes[name] for name in names))
            for module in modules
            if (names := tuple(name for name in sizes if name.rpartition(".")[0] == module))
        ]
        self.groups: Sequence[Group] = (Group("all", tuple(sizes), sum(sizes.values())), *own)
        self._bytes = 4 * sum(sizes.values())

        def one(parameters: Mapping[str, Tensor], inputs: Tensor, label: Tensor) -> Tensor:
            return loss(functional_call(skeleton, dict(parameters), (inputs.unsqueeze(0),)), label.unsqueeze(0))

        self._each = vmap(grad_and_value(one), in_dims=(None, 0, 0))

    def __call__(
        self,
        parameters: Mapping[str, Tensor],
        inputs: Shaped[Tensor, "members examples *input"],
        labels: Shaped[Tensor, "members examples *heads"],
        squares: bool = True,
    ) -> GradientSums:
        """One pass, member by member."""
        size = max(1, _GRADIENT_ROOM // self._bytes)
        members = [
            self._member({name: value[index] for name, value in parameters.items()}, own, told, size)
            for index, (own, told) in enumerate(zip(inputs, labels, strict=True))
        ]
        gradient = {name: torch.stack([member[0][name] for member in members]) for name in members[0][0]}
        norms = {name: torch.stack([member[1][name] for member in members]) for name in members[0][1]}
        loss = torch.stack([member[2] for member in members])
        return GradientSums(inputs.shape[1], gradient, over_groups(self.groups, norms) if squares else None, loss)

    def _member(
        self, parameters: Mapping[str, Tensor], inputs: Tensor, labels: Tensor, size: int
    ) -> tuple[dict[str, Tensor], dict[str, Tensor], Tensor]:
        """Sums of gradients, of their squared norms, and of losses."""
        gradient = {name: torch.zeros_like(parameters[name]) for name in self.groups[0].parameters}
        norms = {name: torch.zeros((), dtype=torch.float64, device=labels.device) for name in gradient}
        loss = torch.zeros((), dtype=torch.float64, device=labels.device)
        for own, told in zip(inputs.split(size), labels.split(size), strict=True):
            found, lost = self._each(parameters, own, told)
            loss += lost.detach().double().sum()
            for name, each in found.items():
                each = each.detach()
                gradient[name] += each.sum(0)
                norms[name] += each.flatten(1).square().sum(1).double().sum()
        return gradient, norms, loss


def make_gradients(model: nn.Module, loss: Loss, usual: bool = True) -> Gradients:
    """Written down for plain perceptrons under the mean cross-entropy, by ``vmap`` for all else.

    Args:
        model: one member; its own values do not matter.
        loss: the mean loss of a batch.
        usual: whether that is the mean cross-entropy.

    Raises:
        ModelError: if examples of the model see one another.

    Example:
        >>> import torch.nn.functional as F
        >>> model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
        >>> [group.name for group in make_gradients(model, F.cross_entropy).groups]
        ['all', 'layer 1 (4 → 3)', 'layer 2 (3 → 2)']
    """
    layers = layers_of(model)
    if usual and not isinstance(layers, str) and plain(model) is None:
        return PerceptronGradients(layers, {name: value.shape for name, value in model.named_parameters()})
    return VmapGradients(model, loss)
