"""Gradients of single examples by ``torch.func``: any module that ``vmap`` takes, a slice of examples at a time."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import final

import torch
from jaxtyping import Shaped
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, vmap

from szilard.ensemble.gradients.sums import GradientSums, Group, over_groups
from szilard.errors import ModelError
from szilard.training.training import Loss

_ROOM = 64 << 20
"""Bytes of gradients of single examples at once."""


@final
class VmapGradients:
    """For models that are no plain perceptrons; see :class:`~szilard.ensemble.gradients.sums.Gradients`.

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
        size = max(1, _ROOM // self._bytes)
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
