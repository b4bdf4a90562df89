"""One step of the path, from φ_{t−1} to φ_t, with what its exact sums share: each exponential is taken once."""

from __future__ import annotations

import math
from functools import cached_property
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

Phi = Float[Tensor, "*members inputs outcomes"]

_FAR = 700.0
LEAST_PROBABILITY = math.exp(-_FAR)


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
        """``d = φ_t − φ_{t−1}`` of every outcome, nats."""
        return self.phi_after - self.phi_before

    @cached_property
    def gain(self) -> Phi:
        """``p_t − p_{t−1} = p_{t−1} E(E + 2)`` with ``E = e^{−d/2} − 1``, to full relative precision."""
        return self._root_share * (self._root_growth + 2)

    @cached_property
    def root_gain_squared(self) -> Phi:
        """``(√p_t − √p_{t−1})² = p_{t−1} E²`` of every outcome: its sum is twice one minus the overlap."""
        return self._root_share * self._root_growth

    @cached_property
    def _root_growth(self) -> Phi:
        """``E``, by which share √p grows; φ beyond 700 nat counts as 700, so that neither p nor 1/p leaves float64."""
        return torch.expm1(0.5 * (self.phi_before.clamp(max=_FAR) - self.phi_after.clamp(max=_FAR)))

    @cached_property
    def _root_share(self) -> Phi:
        return self.p_before.clamp(min=LEAST_PROBABILITY) * self._root_growth
