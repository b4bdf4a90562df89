"""A network beside its linearisation at ``θ*`` (paper Eq. 35): its outputs, the loss of each example, the gradient.

The tangent kernel ``K(u,u') = ∇f_θ(u)·∇f_θ(u')ᵀ`` of a network's outputs on a few inputs (Jacot et al. 2018).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import jacrev, jvp, vmap

from szilard.models.landscape import Batch, Landscape
from szilard.models.tangent import load_forward_mode

Parameters = Float[Tensor, " parameters"]


class Linearised(NamedTuple):
    """A change as it was, and to first order.

    Attributes:
        actual: ``g(θ) − g(θ*)``.
        linear: ``(θ − θ*)·∇g(θ*)``, same shape and unit.
    """

    actual: Tensor
    linear: Tensor


def linearised_outputs(landscape: Landscape, star: Parameters, theta: Parameters, inputs: Tensor) -> Linearised:
    """How the network's outputs changed from ``star`` to ``theta``: linear in a lazy network, whatever the loss.

    Example:
        >>> line = torch.nn.Linear(1, 1)
        >>> landscape = Landscape(line, lambda output, label: output.mean())
        >>> star, theta = torch.tensor([1.0, 0.0]).double(), torch.tensor([3.0, 1.0]).double()
        >>> [change.item() for change in linearised_outputs(landscape, star, theta, torch.tensor([[2.0]]))]
        [5.0, 5.0]
    """
    return _linearised(lambda point: landscape.output(point, inputs), star, theta)


def linearised_losses(landscape: Landscape, star: Parameters, theta: Parameters, batch: Batch) -> Linearised:
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
    star: Parameters,
    theta: Parameters,
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


def squared(vector: Parameters, places: Sequence[slice]) -> Float[Tensor, ""]:
    """The squared length of a vector's part in a group."""
    return torch.stack([vector[place].square().sum() for place in places]).sum()


def _linearised(function: Callable[[Tensor], Tensor], star: Tensor, theta: Tensor) -> Linearised:
    load_forward_mode()
    tangent = jvp(function, (star,), (theta - star,))
    return Linearised((function(theta) - tangent[0]).detach(), tangent[1].detach())


BLOCK_ELEMENTS = 2**25
"""Numbers of a Jacobian held at a time: 256 MiB in float64."""


def tangent_kernel(
    landscape: Landscape,
    theta: Parameters,
    inputs: Tensor,
    *,
    groups: Mapping[str, Sequence[slice]] | None = None,
    block: int = BLOCK_ELEMENTS,
) -> Float[Tensor, "groups rows rows"]:
    """The kernel of every group of parameters; the kernels of disjoint groups add up to that of their union.

    A row is one output of one input, outputs of an input side by side. The Jacobian is made for a block of inputs at
    a time, by reverse mode mapped over inputs, and never held as a whole.

    Args:
        landscape: of the network.
        theta: where.
        inputs: first dimension counts them; rows of the kernel are inputs × outputs.
        groups: the places of each group in the flat vector; None takes all parameters as one group.
        block: how many numbers of the Jacobian may be held at a time.

    Returns:
        One symmetric, positive semi-definite matrix for each group, in units of output² per parameter².

    Example:
        >>> line = torch.nn.Linear(2, 1, bias=False)
        >>> landscape = Landscape(line, lambda output, label: output.mean())
        >>> inputs = torch.tensor([[1.0, 2.0], [0.0, 3.0]])
        >>> tangent_kernel(landscape, landscape.start, inputs)[0].tolist()  # of a linear model: u·u'
        [[5.0, 6.0], [6.0, 9.0]]
    """
    places = {"all": (slice(0, len(theta)),)} if groups is None else groups
    outputs = landscape.output(theta, inputs[:1]).shape[1]
    rows = len(inputs) * outputs
    kernel = theta.new_zeros(len(places), rows, rows)
    cuts = list(_cuts(len(inputs), max(1, block // (2 * outputs * len(theta)))))
    for number, cut in enumerate(cuts):
        here = _jacobian(landscape, theta, inputs[cut])
        for other in cuts[number:]:
            there = here if other is cut else _jacobian(landscape, theta, inputs[other])
            one = slice(cut.start * outputs, cut.stop * outputs)
            two = slice(other.start * outputs, other.stop * outputs)
            for group, slices in enumerate(places.values()):
                product = sum((here[:, place] @ there[:, place].T for place in slices), theta.new_zeros(()))
                kernel[group, one, two] = product
                kernel[group, two, one] = product.T
    return kernel


def _cuts(count: int, size: int) -> Iterator[slice]:
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def _jacobian(landscape: Landscape, theta: Tensor, inputs: Tensor) -> Float[Tensor, "rows parameters"]:
    """The Jacobian of the outputs of these inputs, one row for each."""
    parameters = {name: value.detach() for name, value in landscape.split(theta).items()}
    cast = inputs.to(landscape.dtype) if inputs.is_floating_point() else inputs

    def output(values: dict[str, Tensor], one: Tensor) -> Tensor:
        return landscape.at(values, one.unsqueeze(0)).flatten()

    by_name = vmap(jacrev(output), in_dims=(None, 0))(parameters, cast)
    rows = len(inputs) * next(iter(by_name.values())).shape[1]
    return torch.cat([by_name[name].reshape(rows, -1) for name in landscape.slices], dim=1)
