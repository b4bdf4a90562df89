"""Whether X's own dynamics look the same forwards and backwards: correlations in time against their reversal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard import ledger

Weights = Float[Tensor, "islands particles"]


@final
@dataclass(frozen=True, slots=True)
class Reciprocity:
    """Two fixed linear functions f and g of X, in random directions.

    In a stationary state with detailed balance ``⟨f(x) g(x')⟩ = ⟨f(x') g(x)⟩`` for states a relaxation apart, whatever
    f and g (Onsager's reciprocity; local detailed balance, Eq. 20 of the paper, for a kernel under fixed θ). Linear
    functions see what turns around in space, as sequential Gibbs sweeps and forces without a potential do.

    Attributes:
        directions: of f and g.
    """

    directions: Float[Tensor, "2 features"]

    @classmethod
    def along(cls, x: Tensor, generator: torch.Generator) -> Reciprocity:
        """Directions for states like these."""
        features = x[0].numel()
        return cls(torch.randn(2, features, generator=generator, device=generator.device, dtype=torch.float64))

    def asymmetry(self, before: Tensor, after: Tensor, weights: Weights) -> Float[Tensor, " islands"]:
        """``⟨f(x)g(x') − f(x')g(x)⟩`` of each island, over the standard deviations of f and g, all states together.

        Args:
            before, after: the same particles on both sides of a relaxation.
            weights: of the particles, adding up to 1 on each island.
        """
        (f, g), (f_after, g_after) = self._centred(before, weights), self._centred(after, weights)
        turned: Tensor = ledger.mean_weighted(f * g_after - f_after * g, weights).value
        scale = ((weights * f_after.square()).sum(-1).mean() * (weights * g_after.square()).sum(-1).mean()).sqrt()
        # where nothing varies there is nothing to be asymmetric: 0
        return turned / scale.clamp(min=torch.finfo(torch.float64).tiny)

    def _centred(self, x: Tensor, weights: Weights) -> Float[Tensor, "2 islands particles"]:
        values = (x.reshape(len(x), -1).double() @ self.directions.T).T.reshape(2, *weights.shape)
        return values - (weights * values).sum(-1).mean(-1)[:, None, None]
