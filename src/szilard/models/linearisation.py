"""A network beside its linearisation at ``θ*`` (paper Eq. 35): its outputs, the loss of each example, the gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import jvp

from szilard.models.landscape import Batch, Landscape
from szilard.models.tangent import load_forward_mode


class Linearised(NamedTuple):
    """A change as it was, and to first order.

    Attributes:
        actual: ``g(θ) − g(θ*)``.
        linear: ``(θ − θ*)·∇g(θ*)``, same shape and unit.
    """

    actual: Tensor
    linear: Tensor


def linearised_outputs(
    landscape: Landscape, star: Float[Tensor, " parameters"], theta: Float[Tensor, " parameters"], inputs: Tensor
) -> Linearised:
    """How the network's outputs changed from ``star`` to ``theta``: linear in a lazy network, whatever the loss.

    Example:
        >>> line = torch.nn.Linear(1, 1)
        >>> landscape = Landscape(line, lambda output, label: output.mean())
        >>> star, theta = torch.tensor([1.0, 0.0]).double(), torch.tensor([3.0, 1.0]).double()
        >>> [change.item() for change in linearised_outputs(landscape, star, theta, torch.tensor([[2.0]]))]
        [5.0, 5.0]
    """
    return _linearised(lambda point: landscape.output(point, inputs), star, theta)


def linearised_losses(
    landscape: Landscape, star: Float[Tensor, " parameters"], theta: Float[Tensor, " parameters"], batch: Batch
) -> Linearised:
    """How the loss of each example changed from ``star`` to ``theta``: Eq. 35 as it is printed.

    Example:
        >>> line = torch.nn.Linear(1, 1, bias=False)
        >>> landscape = Landscape(line, lambda output, target: (output - target).square().mean())
        >>> star, theta = torch.tensor([0.0]).double(), torch.tensor([1.0]).double()
        >>> batch = (torch.tensor([[1.0]]), torch.tensor([[3.0]]))
        >>> [change.item() for change in linearised_losses(landscape, star, theta, batch)]  # 4 − 9, and −2·3
        [-5.0, -6.0]
    """
    return _linearised(lambda point: landscape.losses(point, batch), star, theta)


def gradient_squares(
    landscape: Landscape,
    star: Float[Tensor, " parameters"],
    theta: Float[Tensor, " parameters"],
    batches: Sequence[Batch],
    groups: Mapping[str, Sequence[slice]],
) -> tuple[Float[Tensor, "batches groups"], Float[Tensor, "batches groups"]]:
    """How far the gradient depends on θ, which under Eq. 35 it would not.

    Args:
        landscape: of the network.
        star, theta: the two points.
        batches: at which the gradient is taken.
        groups: the places of each group of parameters.

    Returns:
        ``‖∇φ_θ(b) − ∇φ_θ*(b)‖²`` and ``‖∇φ_θ*(b)‖²`` for each batch and group.
    """
    changes, references = [], []
    for batch in batches:
        before = landscape.gradient(star, batch)
        change = landscape.gradient(theta, batch) - before
        changes.append(torch.stack([squared(change, places) for places in groups.values()]))
        references.append(torch.stack([squared(before, places) for places in groups.values()]))
    return torch.stack(changes), torch.stack(references)


def squared(vector: Float[Tensor, " parameters"], places: Sequence[slice]) -> Float[Tensor, ""]:
    """The squared length of a vector's part in a group."""
    return torch.stack([vector[place].square().sum() for place in places]).sum()


def _linearised(function: Callable[[Tensor], Tensor], star: Tensor, theta: Tensor) -> Linearised:
    load_forward_mode()
    tangent = jvp(function, (star,), (theta - star,))
    return Linearised((function(theta) - tangent[0]).detach(), tangent[1].detach())
