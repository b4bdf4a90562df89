"""The paper's pathwise route: stochastic heat q and entropy production σ along sampled trajectories (Eqs. 22-23)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Pathwise:
    """Sums along trajectories ``x_0, x_1, …`` of fresh, independent samples ``x_t ~ p_t``; all in nats.

    Attributes:
        heat: ``q = Σ_t φ_t(x_t) − φ_t(x_{t−1})`` (Eq. 23).
        work: ``Σ_t φ_t(x_{t−1}) − φ_{t−1}(x_{t−1}) = Σ_t d_t(x_{t−1})``.
        entropy_start: ``s_0 = φ_0(x_0)``.
        entropy: ``s_n = φ_n(x_n)``.
    """

    heat: Float[Tensor, "*paths"]
    work: Float[Tensor, "*paths"]
    entropy_start: Float[Tensor, "*paths"]
    entropy: Float[Tensor, "*paths"]

    @classmethod
    def start(cls, phi: Float[Tensor, "*paths"]) -> Pathwise:
        """Trajectories of one point, from ``φ_0(x_0)``."""
        return cls(torch.zeros_like(phi), torch.zeros_like(phi), phi, phi)

    def advance(self, phi_old_sample: Float[Tensor, "*paths"], phi_new_sample: Float[Tensor, "*paths"]) -> Pathwise:
        """One step on, from ``φ_t(x_{t−1})`` and ``φ_t(x_t)``."""
        return Pathwise(
            heat=self.heat + (phi_new_sample - phi_old_sample),
            work=self.work + (phi_old_sample - self.entropy),
            entropy_start=self.entropy_start,
            entropy=phi_new_sample,
        )

    @property
    def entropy_production(self) -> Float[Tensor, "*paths"]:
        """``σ[x_n|θ_n] = −q + s_n − s_0`` (Eq. 22); equal to :attr:`work` on every trajectory."""
        return -self.heat + self.entropy - self.entropy_start
