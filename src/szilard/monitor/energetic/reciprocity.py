"""Whether X's own dynamics look the same forwards and backwards: correlations in time against their reversal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.ledger.leave_one_out import mean_weighted

Weights = Float[Tensor, "islands particles"]

_MOST_FEATURES = 64
"""Dimensions of X; more are projected to as many random directions before directions are sought among them."""


@final
@dataclass(frozen=True, slots=True)
class Reciprocity:
    """Two fixed linear functions f and g of X.

    In a stationary state with detailed balance ``⟨f(x) g(x')⟩ = ⟨f(x') g(x)⟩`` for states a relaxation apart, whatever
    f and g (Onsager's reciprocity; local detailed balance, Eq. 20 of the paper, for a kernel under fixed θ). Linear
    functions see what turns around in space, as sweeps in a fixed order and forces without a potential do.

    Attributes:
        directions: of f and g.
    """

    directions: Float[Tensor, "2 features"]

    @classmethod
    def sought(cls, before: Tensor, after: Tensor, generator: torch.Generator) -> Reciprocity:
        """The plane in which these pairs turn fastest: the leading singular pair of ``⟨x x'ᵀ⟩ − ⟨x' xᵀ⟩``.

        Pairs that obey detailed balance give some plane, by chance; what is measured in it later, on other states,
        is then 0 in expectation all the same.

        Args:
            before, after: the same chains on both sides of a relaxation, and others than those to be measured.
            generator: of the random directions, where X has many dimensions.
        """
        x, y = (values.reshape(len(values), -1).double() for values in (before, after))
        features = x.shape[1]
        basis = torch.eye(features, dtype=torch.float64, device=x.device)
        if features > _MOST_FEATURES:
            shape = (features, _MOST_FEATURES)
            basis = torch.randn(shape, generator=generator, device=x.device, dtype=torch.float64) / features**0.5
        x, y = x @ basis, y @ basis
        spread = x.std(0)
        scaled = torch.where(spread > 0, 1 / spread, torch.zeros_like(spread))
        middle = x.mean(0)
        x, y = (x - middle) * scaled, (y - middle) * scaled
        turning = x.T @ y
        left, _, right = torch.linalg.svd(turning - turning.T)
        return cls(torch.stack([left[:, 0], right[0]]) * scaled @ basis.T)

    def asymmetry(self, before: Tensor, after: Tensor, weights: Weights) -> Float[Tensor, " islands"]:
        """``⟨f(x)g(x') − f(x')g(x)⟩`` of each island, over the standard deviations of f and g, all states together.

        Args:
            before, after: the same particles on both sides of a relaxation.
            weights: of the particles, adding up to 1 on each island.
        """
        (f, g), (f_after, g_after) = self._centred(before, weights), self._centred(after, weights)
        turned: Tensor = mean_weighted(f * g_after - f_after * g, weights).value
        scale = ((weights * f_after.square()).sum(-1).mean() * (weights * g_after.square()).sum(-1).mean()).sqrt()
        # where nothing varies there is nothing to be asymmetric: 0
        return turned / scale.clamp(min=torch.finfo(torch.float64).tiny)

    def memory(
        self, before: Tensor, energy_before: Tensor, after: Tensor, energy_after: Tensor, islands: int
    ) -> Float[Tensor, ""]:
        """The largest correlation over a relaxation: of the energy, of f or of g; a mean over islands, unweighted.

        Args:
            before, energy_before, after, energy_after: the same particles on both sides.
            islands: into which the particles fall, alike in size.
        """
        values = []
        for x, energy in ((before, energy_before), (after, energy_after)):
            linear = (x.reshape(len(x), -1).double() @ self.directions.T).T
            every = torch.cat([energy.reshape(1, -1), linear]).reshape(3, islands, -1)
            values.append(every - every.mean(-1, keepdim=True))
        x, y = values
        scale = (x.square().sum(-1) * y.square().sum(-1)).sqrt().clamp(min=torch.finfo(torch.float64).tiny)
        return ((x * y).sum(-1) / scale).mean(-1).max()

    def _centred(self, x: Tensor, weights: Weights) -> Float[Tensor, "2 islands particles"]:
        values = (x.reshape(len(x), -1).double() @ self.directions.T).T.reshape(2, *weights.shape)
        return values - (weights * values).sum(-1).mean(-1)[:, None, None]
