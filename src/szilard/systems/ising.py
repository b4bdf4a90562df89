"""A ring of spins, every state of which can be counted, and the heat-bath dynamics of its two halves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from szilard.systems.base import require
from szilard.systems.energies import EnumeratedEnergy
from szilard.systems.parameter_system import require_whole
from szilard.systems.taught import require_learning

_MOST_SPINS = 12


@dataclass(frozen=True)
class Ising(EnumeratedEnergy):
    """``E = −J Σ_i s_i s_{i+1} − h Σ_i s_i`` on a ring of N spins ±1; θ = (J, h).

    By transfer matrices ``Z = λ₊ᴺ + λ₋ᴺ``, ``λ± = e^J cosh h ± √(e^{2J} sinh² h + e^{−2J})``; without field that is
    ``(2 cosh J)ᴺ + (2 sinh J)ᴺ``. A sampler step draws all even spins anew given the odd ones, then all odd ones given
    the even (``alternating``), or a fair coin says which half comes first (``random``, which has detailed balance).

    Args:
        spins: N, even.
        coupling: J of the teacher.
        field: h of the teacher; the start has neither.
        order: of the halves in a sampler step.
        rate: r, the learning rate.
        batch_size: samples of the teacher in each step's minibatch.

    Raises:
        SpecError: for a parameter outside its range, or more states than can be counted.

    Example:
        >>> ring = Ising(spins=6)
        >>> theta = torch.tensor([0.4, 0.0], dtype=torch.float64)
        >>> closed = math.log((2 * math.cosh(0.4)) ** 6 + (2 * math.sinh(0.4)) ** 6)
        >>> abs(float(ring.log_normaliser(theta)) - closed) < 1e-12
        True
    """

    spins: int = 6
    coupling: float = 0.6
    field: float = 0.2
    order: Literal["alternating", "random"] = "alternating"
    rate: float = 0.02
    batch_size: int = 32

    def __post_init__(self) -> None:
        require_whole(4, spins=self.spins)
        require(self.spins % 2 == 0, f"spins is {self.spins}: give an even number, so that the ring has two halves.")
        require(self.spins <= _MOST_SPINS, f"spins is {self.spins}: keep it at {_MOST_SPINS}, to list all states.")
        for name in ("coupling", "field"):
            value = getattr(self, name)
            require(math.isfinite(value), f"{name} is {value}: give a finite number.")
        require(self.order in ("alternating", "random"), f"order is {self.order!r}: give 'alternating' or 'random'.")
        require_learning(self.rate, self.batch_size)

    def teacher(self) -> Float[Tensor, " theta"]:
        """The parameters (J, h) of the chain that is learned."""
        return torch.tensor([self.coupling, self.field], dtype=torch.float64)

    def start(self) -> Float[Tensor, " theta"]:
        """The parameters of free spins, where learning begins."""
        return torch.zeros(2, dtype=torch.float64)

    # Model

    def states(self) -> Float[Tensor, "states spins"]:
        """All 2ᴺ states of the spins, ±1, one a row."""
        bits = torch.arange(2**self.spins)[:, None] >> torch.arange(self.spins)
        return 2.0 * (bits & 1).double() - 1

    def energy(
        self, x: Float[Tensor, "*members count spins"], theta: Float[Tensor, "*members theta"]
    ) -> Float[Tensor, "*members count"]:
        """``E = −J Σ s_i s_{i+1} − h Σ s_i``, in nats."""
        bonds = (x * x.roll(-1, -1)).sum(-1)
        return -(theta[..., 0, None] * bonds + theta[..., 1, None] * x.sum(-1))

    def log_normaliser(self, theta: Float[Tensor, "*members theta"]) -> Float[Tensor, "*members"]:
        """``ln Z`` by transfer matrices, never by the list of states."""
        coupling, field = theta[..., 0], theta[..., 1]
        mean = coupling.exp() * field.cosh()
        root = ((2 * coupling).exp() * field.sinh().square() + (-2 * coupling).exp()).sqrt()
        high, low = mean + root, mean - root
        return self.spins * high.log() + ((low / high) ** self.spins).log1p()

    # Dynamics

    def relax(
        self, x: Float[Tensor, "count spins"], theta: Float[Tensor, " theta"], steps: int, *, generator: torch.Generator
    ) -> Float[Tensor, "count spins"]:
        """Heat bath of one half given the other, ``P(s_i = +1) = 1/(1 + e^{−2[J(s_{i−1} + s_{i+1}) + h]})``."""
        x = x.clone()
        for _ in range(steps):
            swapped = torch.zeros(len(x), dtype=torch.bool)
            if self.order == "random":
                swapped = torch.rand(len(x), generator=generator, dtype=torch.float64) < 0.5
            for turn in (0, 1):
                up = torch.sigmoid(2 * (theta[0] * (x.roll(1, -1) + x.roll(-1, -1)) + theta[1]))
                drawn = 2.0 * (torch.rand(x.shape, generator=generator, dtype=torch.float64) < up).double() - 1
                half = torch.arange(self.spins) % 2 == (turn ^ swapped.long())[:, None]
                x = torch.where(half, drawn, x)
        return x

    def kernel(self, theta: Float[Tensor, " theta"]) -> Float[np.ndarray, "states states"]:
        """One sampler step as a matrix; see :meth:`relax`."""
        even, odd = self._half(theta, 0), self._half(theta, 1)
        return odd @ even if self.order == "alternating" else 0.5 * (odd @ even + even @ odd)

    def _half(self, theta: Tensor, parity: int) -> Float[np.ndarray, "states states"]:
        """``T[y, x]`` of one half drawn anew: ``p(y)/Σ p`` over the states with x's other half, by energies alone."""
        states = self.states().numpy()
        weight = np.exp(-self.energy(self.states(), theta).numpy())
        others = states[:, np.arange(self.spins) % 2 != parity]
        same = (others[:, None] == others[None]).all(-1)
        joint = same * weight[:, None]
        return joint / joint.sum(0)
