"""The restricted Boltzmann machine as a module: its free energy, its conditional laws, and Z by enumeration."""

from __future__ import annotations

import math
from typing import final

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from szilard.errors import ModelError
from szilard.samplers.kernel import uniform_like

MOST_ENUMERATED = 20
"""Units of the smaller layer up to which Z is summed: a million terms."""

_ROWS = 2**14


@final
class RBM(nn.Module):
    """``p(v) = Σ_h e^{a·v + b·h + hᵀWv}/Z`` over binary units, 0 or 1; called on v it gives the free energy.

    Args:
        visible: number of visible units v.
        hidden: number of hidden units h.
        scale: standard deviation of the weights at first; biases begin at 0.

    Raises:
        ModelError: for a layer without units.

    Example:
        >>> import torch
        >>> machine = RBM(visible=3, hidden=2)
        >>> machine(torch.zeros(4, 3)).shape, round(machine.log_normaliser() / torch.tensor(2.0).log().item(), 1)
        (torch.Size([4]), 5.0)
    """

    def __init__(self, visible: int, hidden: int, scale: float = 0.01) -> None:
        super().__init__()
        if visible < 1 or hidden < 1:
            raise ModelError(f"a machine of {visible} visible and {hidden} hidden units: give at least one of each.")
        self.weight = nn.Parameter(scale * torch.randn(hidden, visible))
        self.visible_bias = nn.Parameter(torch.zeros(visible))
        self.hidden_bias = nn.Parameter(torch.zeros(hidden))

    def forward(self, v: Float[Tensor, "count visible"]) -> Float[Tensor, " count"]:
        """``F(v) = −a·v − Σ_j ln(1 + e^{b_j + W_j·v})``, so that ``p(v) = e^{−F(v)}/Z``."""
        return free_energy(v, self.weight, self.visible_bias, self.hidden_bias)

    def draw_hidden(self, v: Float[Tensor, "count visible"], generator: torch.Generator) -> Tensor:
        """``h ~ p(h|v)``, independent units with ``P(h_j = 1) = σ(b_j + W_j·v)``."""
        return draw(F.linear(v, self.weight, self.hidden_bias), generator)

    def draw_visible(self, h: Float[Tensor, "count hidden"], generator: torch.Generator) -> Tensor:
        """``v ~ p(v|h)``, independent units with ``P(v_i = 1) = σ(a_i + Σ_j h_j W_ji)``."""
        return draw(F.linear(h, self.weight.T, self.visible_bias), generator)

    @torch.no_grad()
    def sweep(self, v: Float[Tensor, "count visible"], generator: torch.Generator) -> Tensor:
        """``v → h → v``: block Gibbs, in detailed balance with ``e^{−F(v)}/Z``."""
        return self.draw_visible(self.draw_hidden(v, generator), generator)

    @property
    def enumerable(self) -> bool:
        """Whether its smaller layer is small enough to sum over."""
        return min(self.weight.shape) <= MOST_ENUMERATED

    @torch.no_grad()
    def log_normaliser(self) -> float:
        """``ln Z`` in float64, by a sum over the states of the smaller layer; the other layer is summed analytically.

        Raises:
            ModelError: if both layers are too large.
        """
        return float(torch.logsumexp(self._log_weights()[1], 0))

    @torch.no_grad()
    def draw_exactly(self, count: int, generator: torch.Generator) -> Float[Tensor, "count visible"]:
        """Independent exact samples ``v ~ p(v)``, by enumeration of the smaller layer.

        Raises:
            ModelError: if both layers are too large.
        """
        small, log_weights = self._log_weights()
        uniform = torch.rand(count, generator=generator, device=generator.device, dtype=torch.float64)
        cumulative = torch.softmax(log_weights, 0).cumsum(0)
        rows = torch.searchsorted(cumulative, uniform.to(cumulative.device), right=True).clamp(max=len(small) - 1)
        drawn = small[rows].to(self.weight.dtype)
        return drawn if self._visible_is_smaller else self.draw_visible(drawn, generator)

    @property
    def _visible_is_smaller(self) -> bool:
        return self.weight.shape[1] <= self.weight.shape[0]

    def _log_weights(self) -> tuple[Tensor, Tensor]:
        """All states of the smaller layer, and ``ln(Z p)`` of each."""
        if not self.enumerable:
            raise ModelError(
                f"a machine of {self.weight.shape[1]} visible and {self.weight.shape[0]} hidden units cannot be summed "
                f"over: make one layer at most {MOST_ENUMERATED} units, or anneal (RestrictedBoltzmann.anneal)."
            )
        weight, a, b = self.weight.double(), self.visible_bias.double(), self.hidden_bias.double()
        if not self._visible_is_smaller:
            weight, a, b = weight.T, b, a
        small = binary_states(len(a), weight.device)
        return small, torch.cat([-free_energy(rows, weight, a, b) for rows in small.split(_ROWS)])


def free_energy(v: Tensor, weight: Tensor, visible_bias: Tensor, hidden_bias: Tensor) -> Float[Tensor, " count"]:
    """``F(v) = −a·v − Σ_j ln(1 + e^{b_j + W_j·v})`` of each state, in nats."""
    return -(v @ visible_bias) - F.softplus(F.linear(v, weight, hidden_bias)).sum(-1)


def draw(logits: Tensor, generator: torch.Generator) -> Tensor:
    """Independent units, 1 with probability σ(logit)."""
    return (uniform_like(logits, generator) < torch.sigmoid(logits)).to(logits.dtype)


def binary_states(units: int, device: torch.device | None = None) -> Float[Tensor, "states units"]:
    """All ``2^units`` states of 0 and 1, in float64; the first unit changes slowest.

    Example:
        >>> binary_states(2).tolist()
        [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    """
    numbers = torch.arange(2**units, device=device)
    bits = torch.arange(units - 1, -1, -1, device=device)
    return ((numbers[:, None] >> bits) & 1).double()


def independent_log_normaliser(visible_bias: Tensor, hidden: int) -> float:
    """``ln Z`` of a machine without weights and hidden biases: ``Σ_i ln(1 + e^{a_i}) + hidden·ln 2``."""
    return float(F.softplus(visible_bias.detach().double()).sum()) + hidden * math.log(2)
