"""One step of the path, from φ_{t−1} to φ_t, with what its exact sums share: each exponential is taken once."""

from __future__ import annotations

from functools import cached_property
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

Phi = Float[Tensor, "*members inputs outcomes"]


@final
class Jump:
    """Two models on the same outcomes; the quantities below are formed without cancellation, however close they are.

    Args:
        phi_before: φ_{t−1} of every outcome, nats, float64.
        phi_after: φ_t of every outcome; the shapes may broadcast over members.
        p_before, p_after: their exponentials ``e^{−φ}``, where these are already known.
    """

    def __init__(
        self, phi_before: Phi, phi_after: Phi, p_before: Phi | None = None, p_after: Phi | None = None
    ) -> None:
        self.phi_before = phi_before
        self.phi_after = phi_after
        self.p_before = torch.exp(-phi_before) if p_before is None else p_before
        """``p_{t−1} = e^{−φ_{t−1}}``, as normalised as φ is."""
        self.p_after = torch.exp(-phi_after) if p_after is None else p_after
        """``p_t = e^{−φ_t}``."""

    @cached_property
    def d(self) -> Phi:
        """``d = φ_t − φ_{t−1}``."""
        return self.phi_after - self.phi_before

    @cached_property
    def gain(self) -> Phi:
        """``p_t − p_{t−1} = ±p (1 − e^{−|d|})`` with the larger p, in full precision; ``1 − e^{−|d|} = E(2 − E)``.

        Starting from the larger probability, nothing overflows where the other underflows.
        """
        return torch.copysign(self._loss * (2 - self._fall), -self.d)

    @cached_property
    def root_gain_squared(self) -> Phi:
        """``(√p_t − √p_{t−1})² = p E²`` with the larger p."""
        return self._loss * self._fall

    @cached_property
    def _fall(self) -> Phi:
        """``E = 1 − e^{−|d|/2}``: by which share the root of the larger probability falls to that of the smaller."""
        return torch.expm1(self.d.abs().mul_(-0.5)).neg_()

    @cached_property
    def _loss(self) -> Phi:
        return torch.maximum(self.p_before, self.p_after) * self._fall
