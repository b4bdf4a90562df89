"""A Gaussian whose samples lag behind it: the imperfect sampler that can be solved (paper §3.3)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.systems.base import require, require_steps
from szilard.systems.energies import EnergySystem
from szilard.systems.gaussian_mean import GaussianMean
from szilard.systems.parameter_system import lead, normal, require_not_negative, require_positive, require_whole


@dataclass(frozen=True)
class LaggedGaussian(EnergySystem):
    """``E_θ(x) = |x − θ|²/2s² + g Σ_i θ_i``; a sampler step is ``x' = θ + λ(x − θ) + s√(1 − λ²) ξ``, ξ normal.

    So ``ln Z = (d/2) ln 2πs² − g Σθ``, the free energy changes by ``g ΔΣθ``, and chains that start in p_0 keep the
    variance s² while their mean trails: ``μ_t = θ_t + λ^τ(μ_{t−1} − θ_t)``. θ moves at constant speed, and may diffuse.

    Args:
        dimension: d, of x and θ.
        sigma: s, of the model.
        contraction: λ, of one sampler step; 0 for an ideal sampler, below 1.
        speed: v, of each component of θ, per step.
        tilt: g, what makes the free energy change.
        noise: standard deviation of what is added to each component of θ at each step.

    Raises:
        SpecError: for a parameter outside its range.

    Example:
        >>> system = LaggedGaussian(dimension=1, sigma=1.0, contraction=0.9, speed=0.1)
        >>> rate = system.ep_rate(sampler_steps=1)  # (v²/2s²)(1 + λ)/(1 − λ)
        >>> path = system.simulate(400)
        >>> long, longer = (system.lagged(path[:n], 1)["ep_lagged"] for n in (301, 401))
        >>> round(rate, 6), round((longer - long) / 100, 6)
        (0.095, 0.095)
    """

    dimension: int = 2
    sigma: float = 0.8
    contraction: float = 0.7
    speed: float = 0.1
    tilt: float = 0.5
    noise: float = 0.0

    def __post_init__(self) -> None:
        require_whole(1, dimension=self.dimension)
        require_positive(sigma=self.sigma)
        require_not_negative(contraction=self.contraction, noise=self.noise)
        require(self.contraction < 1, f"contraction is {self.contraction}: give less than 1, or x never relaxes.")
        for name in ("speed", "tilt"):
            value = getattr(self, name)
            require(math.isfinite(value), f"{name} is {value}: give a finite number.")

    # Protocol

    def simulate(
        self, steps: int, *, members: int | None = None, seed: int = 0
    ) -> Float[Tensor, "*members points dimension"]:
        """Paths of θ: ``θ_t = v t`` and what has diffused."""
        require_steps(steps)
        shape = (*lead(members), steps, self.dimension)
        moves = self.speed + self.noise * normal(shape, torch.Generator().manual_seed(seed))
        return torch.cat([torch.zeros_like(moves[..., :1, :]) if steps else moves.new_zeros(*shape[:-2], 1, shape[-1]),
                          moves.cumsum(-2)], -2)  # fmt: skip

    # Model

    def sample(
        self, theta: Float[Tensor, "*members dimension"], count: int, *, generator: torch.Generator
    ) -> Float[Tensor, "*members count dimension"]:
        """``count`` points of ``N(θ, s² I)`` for each member."""
        return theta[..., None, :] + self.sigma * normal((*theta.shape[:-1], count, self.dimension), generator)

    def energy(
        self, x: Float[Tensor, "*members count dimension"], theta: Float[Tensor, "*members dimension"]
    ) -> Float[Tensor, "*members count"]:
        """The energy ``|x − θ|²/2s² + g Σθ`` of each sample, nats."""
        square = (x - theta[..., None, :]).square().sum(-1)
        return square / (2 * self.sigma**2) + self.tilt * theta.sum(-1)[..., None]

    def log_normaliser(self, theta: Float[Tensor, "*members dimension"]) -> Float[Tensor, "*members"]:
        """``ln Z_θ = (d/2) ln 2πs² − g Σθ`` of each member, nats."""
        return 0.5 * self.dimension * math.log(2 * math.pi * self.sigma**2) - self.tilt * theta.sum(-1)

    def outcomes(self, path: Float[Tensor, "*points dimension"]) -> tuple[Float[Tensor, "count dimension"], float]:
        """The grid of :class:`~szilard.systems.GaussianMean`."""
        return self._still.outcomes(path)

    # Dynamics

    def relax(
        self,
        x: Float[Tensor, "count dimension"],
        theta: Float[Tensor, " dimension"],
        steps: int,
        *,
        generator: torch.Generator,
    ) -> Float[Tensor, "count dimension"]:
        """Steps of an autoregression that leaves ``N(θ, s² I)`` invariant and has detailed balance."""
        kept, spread = self.contraction, self.sigma * math.sqrt(1 - self.contraction**2)
        for _ in range(steps):
            x = theta + kept * (x - theta) + spread * normal(x.shape, generator)
        return x.clone()

    # Answers

    def along(self, path: Float[Tensor, "points dimension"]) -> Mapping[str, float]:
        """The ledger of this very path with an ideal sampler: that of a Gaussian whose mean moves."""
        return self._still.along(path)

    def exact(self, *, steps: int) -> Mapping[str, float]:
        """Means over the noise, for θ that moves ``v`` a step: each KL is half a squared displacement over s²."""
        require_steps(steps)
        entropy = 0.5 * self.dimension * math.log(2 * math.pi * math.e * self.sigma**2)
        factor = 0.5 * self.dimension / self.sigma**2
        work = factor * steps * (self.speed**2 + self.noise**2)
        return {
            "energy": entropy,
            "entropy_conditional": entropy,
            "fluctuation": 1.0,
            "work": work,
            "heat": 0.0 - work,
            "ep_conditional": work,
            "work_reverse": work,
            "work_direct": factor * ((steps * self.speed) ** 2 + steps * self.noise**2),
        }

    def lagged(self, path: Float[Tensor, "points dimension"], sampler_steps: int) -> Mapping[str, float]:
        """See :class:`~szilard.systems.energies.EnergySystem`; variances of the chains drop out of every difference."""
        require_whole(0, sampler_steps=sampler_steps)
        ledger = self.along(path)
        mean, works, heats, produced = path[0], [], [], []
        for before, after in itertools.pairwise(path):
            moved = after + self.contraction**sampler_steps * (mean - after)
            works.append(self._distance(mean, after) - self._distance(mean, before))
            heats.append(self._distance(moved, after) - self._distance(mean, after))
            produced.append(self._distance(mean, after) - self._distance(moved, after))
            mean = moved
        change = self.tilt * float((path[-1] - path[0]).sum())
        own = 0.5 * self.dimension + self.tilt * float(path[-1].sum())
        dissipated = math.fsum(works)
        return {
            "energy": own,
            "work": ledger["work"],
            "heat": ledger["heat"],
            "free_energy_change": change,
            "entropy_change": 0.0,
            "ep_conditional": ledger["work"],
            "fluctuation": 1.0,
            "energy_lagged": own + self._distance(mean, path[-1]),
            "work_lagged": dissipated + change,
            "heat_lagged": math.fsum(heats),
            "work_dissipated": dissipated,
            "lag_work": dissipated - ledger["work"],
            "jarzynski": 1.0,
            "log_normaliser": float(self.log_normaliser(path[-1])),
            "entropy_conditional": ledger["entropy_conditional"],
            "lag": self._distance(mean, path[-1]),
            "ep_lagged": math.fsum(produced),
        }

    def relaxation(self, path: Float[Tensor, "points dimension"], sampler_steps: int, upto: int) -> list[float]:
        """⟨E_n⟩ after 0, 1, … ``upto`` sampler steps under the last θ: what is seen inside the last update."""
        mean = path[0]
        for theta in path[1:-1]:
            mean = theta + self.contraction**sampler_steps * (mean - theta)
        own = 0.5 * self.dimension + self.tilt * float(path[-1].sum())
        excess = self._distance(mean, path[-1])
        return [own + self.contraction ** (2 * step) * excess for step in range(upto + 1)]

    def ep_rate(self, sampler_steps: int) -> float:
        """Entropy production per step at constant speed, once the lag is steady: ``d(v²/2s²)(1 + λ^τ)/(1 − λ^τ)``."""
        left = self.contraction**sampler_steps
        return 0.5 * self.dimension * (self.speed / self.sigma) ** 2 * (1 + left) / (1 - left)

    def _distance(self, mean: Tensor, theta: Tensor) -> float:
        """``KL(N(μ, s²)‖N(θ, s²)) = |μ − θ|²/2s²``."""
        return float((mean - theta).square().sum()) / (2 * self.sigma**2)

    @property
    def _still(self) -> GaussianMean:
        return GaussianMean(self.dimension, 1, self.sigma, 0.0, rate=self.sigma**2, noise=0.0, initial_variance=0.0)
