"""What a pass over examples leaves of their gradients: enough for force and noise, and no gradient of one example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import torch
from jaxtyping import Float, Shaped
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Group:
    """Parameters that are taken together.

    Attributes:
        name: in words, for figures.
        parameters: their names within the model.
        size: how many numbers they are.
    """

    name: str
    parameters: tuple[str, ...]
    size: int


@dataclass(frozen=True, slots=True)
class GradientSums:
    """Sums over the examples x of one pass, of every member.

    Attributes:
        examples: n, how many of them.
        gradient: ``Σ_x g_x``, by name of the parameter, shaped ``(members, *parameter)``.
        squares: ``Σ_x ‖g_x‖²`` of each group, float64, shaped ``(members, groups)``; None where it was not asked for.
        loss: ``Σ_x φ(x)``, float64, shaped ``(members,)``.
    """

    examples: int
    gradient: Mapping[str, Float[Tensor, members * parameter]]
    squares: Float[Tensor, "members groups"] | None
    loss: Float[Tensor, " members"]

    def __add__(self, other: Self) -> Self:
        both = self.squares is not None and other.squares is not None
        return type(self)(
            self.examples + other.examples,
            {name: value + other.gradient[name] for name, value in self.gradient.items()},
            self.squares + other.squares if both else None,  # type: ignore[operator]
            self.loss + other.loss,
        )

    def mean(self, name: str) -> Tensor:
        """Mean gradient of the parameter ``name`` over all examples, of every member."""
        return self.gradient[name] / self.examples


class Gradients(Protocol):
    """Takes gradients of the examples of all members; :func:`szilard.ensemble.per_example.make_gradients`."""

    groups: Sequence[Group]

    def __call__(
        self,
        parameters: Mapping[str, Tensor],
        inputs: Shaped[Tensor, "members examples *input"],
        labels: Shaped[Tensor, "members examples *heads"],
        squares: bool,
    ) -> GradientSums:
        """One pass; ``squares`` says whether the norms of the single gradients are wanted."""


def over_groups(groups: Sequence[Group], of: Mapping[str, Tensor]) -> Float[Tensor, "members groups"]:
    """Sums over the parameters of each group of one number a parameter and member, in float64.

    Example:
        >>> groups = [Group("all", ("a", "b"), 3), Group("b", ("b",), 1)]
        >>> over_groups(groups, {"a": torch.tensor([1.0]), "b": torch.tensor([2.0])})
        tensor([[3., 2.]], dtype=torch.float64)
    """
    rows = [torch.stack([of[name].double() for name in group.parameters]).sum(0) for group in groups]
    return torch.stack(rows, -1)


def dot(
    groups: Sequence[Group], one: Mapping[str, Tensor], other: Mapping[str, Tensor]
) -> Float[Tensor, "members groups"]:
    """Scalar products over each group's parameters, of every member."""
    products = {name: torch.linalg.vecdot(one[name].flatten(1), other[name].flatten(1)) for name in one}
    return over_groups(groups, products)


def largest(groups: Sequence[Group], of: Mapping[str, Tensor]) -> Float[Tensor, "members groups"]:
    """The greatest magnitude among each group's parameters, of every member."""
    peaks = {name: value.flatten(1).abs().amax(1).double() for name, value in of.items()}
    return torch.stack([torch.stack([peaks[name] for name in group.parameters]).amax(0) for group in groups], -1)
