"""A restricted Boltzmann machine, all of whose states can be counted, under block Gibbs sampling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from szilard.systems.base import require
from szilard.systems.energies import EnumeratedEnergy
from szilard.systems.parameter_system import normal, require_positive, require_whole
from szilard.systems.taught import require_learning

_MOST_UNITS = 16


@dataclass(frozen=True)
class BoltzmannMachine(EnumeratedEnergy):
    """``E(v) = −b·v − Σ_j ln(1 + e^{c_j + Σ_i v_i w_ij})``, units 0 and 1, hidden ones summed out; θ = (w, b, c), flat.

    A sampler step is ``v → h ~ p(h|v) → v' ~ p(v'|h)``; it has detailed balance with ``p(v)``.

    Args:
        visible: units of v.
        hidden: units of h.
        spread: standard deviation of the teacher's weights; biases have half of it.
        rate: r, the learning rate.
        batch_size: samples of the teacher in each step's minibatch.
        population: seed of the teacher and of the start.

    Raises:
        SpecError: for a parameter outside its range, or more states than can be counted.

    Example:
        >>> machine = BoltzmannMachine(visible=4, hidden=3)
        >>> chain, ratio = machine.whole_chain(machine.simulate(5), sampler_steps=2)
        >>> abs(chain - ratio) < 1e-12 * ratio
        True
    """

    visible: int = 5
    hidden: int = 4
    spread: float = 1.5
    rate: float = 0.1
    batch_size: int = 32
    population: int = 0

    def __post_init__(self) -> None:
        require_whole(1, visible=self.visible, hidden=self.hidden)
        units = self.visible + self.hidden
        require(units <= _MOST_UNITS, f"there are {units} units: keep them at {_MOST_UNITS}, to list all states.")
        require_positive(spread=self.spread)
        require_learning(self.rate, self.batch_size)

    def teacher(self) -> Float[Tensor, " theta"]:
        """The weights and biases that are learned: normal random numbers."""
        generator = torch.Generator().manual_seed(self.population)
        weights = normal((self.visible * self.hidden,), generator)
        biases = 0.5 * normal((self.visible + self.hidden,), generator)
        return self.spread * torch.cat([weights, biases])

    def start(self) -> Float[Tensor, " theta"]:
        """Weights a tenth of the teacher's strength, without biases."""
        generator = torch.Generator().manual_seed(self.population + 1)
        weights = 0.1 * self.spread * normal((self.visible * self.hidden,), generator)
        return torch.cat([weights, torch.zeros(self.visible + self.hidden, dtype=torch.float64)])

    # Model

    def states(self) -> Float[Tensor, "states visible"]:
        """Every visible state v, one a row, float64."""
        return _binary(self.visible)

    def energy(
        self, x: Float[Tensor, "*members count visible"], theta: Float[Tensor, "*members theta"]
    ) -> Float[Tensor, "*members count"]:
        """``E(v) = −b·v − Σ_j softplus(c_j + (v w)_j)``, in nats."""
        weights, visible, hidden = self.split(theta)
        field = x @ weights + hidden[..., None, :]
        # torch's softplus is linear beyond 20, which would cost nine digits
        return -(x @ visible[..., None])[..., 0] - torch.logaddexp(field, torch.zeros_like(field)).sum(-1)

    def log_normaliser(self, theta: Float[Tensor, "*members theta"]) -> Float[Tensor, "*members"]:
        """``ln Σ_h e^{c·h} Π_i (1 + e^{b_i + (w h)_i})``: over the states of h, where all else sums over those of v."""
        weights, visible, hidden = self.split(theta)
        states = _binary(self.hidden)
        field = states @ weights.mT + visible[..., None, :]
        exponents = (states @ hidden[..., None])[..., 0] + torch.logaddexp(field, torch.zeros_like(field)).sum(-1)
        return torch.logsumexp(exponents, -1)

    def split(self, theta: Float[Tensor, "*members theta"]) -> tuple[Tensor, Tensor, Tensor]:
        """w, b and c: ``(…, visible, hidden)``, ``(…, visible)``, ``(…, hidden)``."""
        size = self.visible * self.hidden
        weights = theta[..., :size].unflatten(-1, (self.visible, self.hidden))
        return weights, theta[..., size : size + self.visible], theta[..., size + self.visible :]

    # Dynamics

    def relax(
        self,
        x: Float[Tensor, "count visible"],
        theta: Float[Tensor, " theta"],
        steps: int,
        *,
        generator: torch.Generator,
    ) -> Float[Tensor, "count visible"]:
        """Block Gibbs: hidden units given visible ones, then the reverse."""
        weights, visible, hidden = self.split(theta)
        for _ in range(steps):
            h = _drawn(torch.sigmoid(x @ weights + hidden), generator)
            x = _drawn(torch.sigmoid(h @ weights.mT + visible), generator)
        return x.clone()

    def kernel(self, theta: Float[Tensor, " theta"]) -> Float[np.ndarray, "states states"]:
        """``T[v', v] = Σ_h p(v'|h) p(h|v)`` from the joint of v and h."""
        weights, visible, hidden = (part.numpy() for part in self.split(theta))
        v, h = self.states().numpy(), _binary(self.hidden).numpy()
        joint = np.exp(v @ weights @ h.T + (v @ visible)[:, None] + (h @ hidden)[None])
        return (joint / joint.sum(0)) @ (joint / joint.sum(1, keepdims=True)).T


def _binary(units: int) -> Float[Tensor, "states units"]:
    return ((torch.arange(2**units)[:, None] >> torch.arange(units)) & 1).double()


def _drawn(p: Tensor, generator: torch.Generator) -> Tensor:
    return (torch.rand(p.shape, generator=generator, dtype=torch.float64) < p).double()
