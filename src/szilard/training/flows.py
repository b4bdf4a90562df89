"""Normalizing flows that specs name as ``flows:…``, built by zuko."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import AffineTransform, Distribution, TransformedDistribution

from szilard.errors import SpecError

REMEDY = "flows are built by zuko, which is not installed: pip install 'szilard[flow]'."


def affine(features: int, transforms: int = 4, hidden: Sequence[int] = (64, 64), coupling: bool = True) -> nn.Module:
    """A flow of affine steps: one half of the features shifts and scales the other, then the other the one.

    Args:
        features: dimension of x.
        transforms: number of steps.
        hidden: widths of the network in each.
        coupling: halves, which sample as fast as they evaluate (Dinh, Sohl-Dickstein and Bengio 2017); False: every
            feature depends on all before it (Papamakarios, Pavlakou and Murray 2017), which samples slowly.

    Raises:
        SpecError: if zuko is not installed, or a number makes no sense.

    Example:
        >>> flow = affine(2, transforms=2, hidden=[8])
        >>> flow().log_prob(torch.zeros(3, 2)).shape
        torch.Size([3])
    """
    zuko = _zuko(features, transforms)
    return zuko.flows.MAF(features, transforms=transforms, hidden_features=tuple(hidden), **_passes(features, coupling))


def spline(
    features: int, transforms: int = 4, hidden: Sequence[int] = (64, 64), bins: int = 8, coupling: bool = True
) -> nn.Module:
    """A flow of monotonic rational-quadratic splines within [−5, 5], and the identity beyond (Durkan et al. 2019).

    Args:
        features: as for :func:`affine`, and likewise the others.
        transforms: number of steps.
        hidden: widths of the network in each.
        bins: of each spline.
        coupling: see :func:`affine`.

    Raises:
        SpecError: as for :func:`affine`.

    Example:
        >>> flow = spline(2, transforms=2, hidden=[8], bins=4)
        >>> flow().sample((5,)).shape
        torch.Size([5, 2])
    """
    zuko = _zuko(features, transforms)
    return zuko.flows.NSF(
        features, transforms=transforms, hidden_features=tuple(hidden), bins=bins, **_passes(features, coupling)
    )


class Standardised(nn.Module):
    """A flow in units of the data: ``x = shift + scale · y`` with y from the flow; both are kept with the model.

    Args:
        flow: returns a distribution when called.
        shift: mean of the data.
        scale: their standard deviation, positive.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, flow: nn.Module, shift: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.flow = flow
        self.register_buffer("shift", shift)
        self.register_buffer("scale", scale)

    def forward(self) -> Distribution:
        """The distribution of x, in units of the data."""
        return TransformedDistribution(self.flow(), [AffineTransform(self.shift, self.scale, event_dim=1)])


def _zuko(features: int, transforms: int) -> Any:
    try:
        import zuko
    except ImportError as error:
        raise SpecError(REMEDY) from error
    if features < 2 or transforms < 1:
        raise SpecError(f"a flow of {transforms} steps on {features} features: give at least 1 step and 2 features.")
    return zuko


def _passes(features: int, coupling: bool) -> dict[str, Any]:
    """Random halves for coupling; zuko draws them from the global random state."""
    return {"passes": 2, "randperm": features > 2} if coupling else {}


def standardised(flow: nn.Module, examples: Tensor) -> Standardised:
    """A flow in units of these examples; a feature that never changes keeps the scale 1.

    Example:
        >>> law = torch.distributions.Independent(torch.distributions.Normal(torch.zeros(2), 1.0), 1)
        >>> class Known(nn.Module):
        ...     def forward(self):
        ...         return law
        >>> flow = standardised(Known(), torch.tensor([[0.0, 5.0], [2.0, 5.0]]))
        >>> flow.shift.tolist(), flow.scale.tolist()
        ([1.0, 5.0], [1.0, 1.0])
    """
    scale = examples.std(0, correction=0)
    return Standardised(flow, examples.mean(0), torch.where(scale > 0, scale, 1.0))
