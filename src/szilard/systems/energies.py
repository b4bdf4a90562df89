"""Energies with a sampler of their own: X relaxes under fixed θ and lags behind it (paper §3.3), at a known price.

:class:`EnergySystem` adds to :class:`~szilard.systems.System` an energy whose normalisation is known, the kernel that
relaxes X, and the answers of lagging chains. :class:`EnumeratedEnergy` has them as matrices over all states.
"""

from __future__ import annotations

import abc
import itertools
import math
from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from szilard.systems.base import System
from szilard.systems.decimal_sums import ledger_of
from szilard.systems.parameter_system import require_whole
from szilard.systems.taught import Taught

_Vector = Float[np.ndarray, " states"]
_Matrix = Float[np.ndarray, "states states"]


class EnergySystem(System):
    """A system given by its energy: ``φ_θ = E_θ + ln Z_θ``, in nats."""

    @abc.abstractmethod
    def energy(
        self, x: Shaped[Tensor, "*members count *x"], theta: Float[Tensor, "*members theta"]
    ) -> Float[Tensor, "*members count"]:
        """The energy ``E_θ(x)`` in nats, of each member and sample."""

    @abc.abstractmethod
    def log_normaliser(self, theta: Float[Tensor, "*members theta"]) -> Float[Tensor, "*members"]:
        """``ln Z_θ`` of each member, in nats: what only the system knows."""

    @abc.abstractmethod
    def relax(
        self, x: Shaped[Tensor, count * x], theta: Float[Tensor, " theta"], steps: int, *, generator: torch.Generator
    ) -> Shaped[Tensor, count * x]:
        """``steps`` applications of the kernel, which leaves p_θ invariant; x itself is kept."""

    @abc.abstractmethod
    def lagged(self, path: Float[Tensor, "points theta"], sampler_steps: int) -> Mapping[str, float]:
        """Answers of chains that start in p_0 and relax ``sampler_steps`` steps after each step of θ, by record name.

        ``work_lagged, heat_lagged, energy_lagged, work_dissipated, free_energy_change, energy`` (⟨E⟩, Z left out),
        ``entropy_change, work, heat, lag_work, jarzynski, log_normaliser``; and what only the system knows:
        ``lag = KL(ρ_n‖p_n)`` and ``ep_lagged = Σ_t [KL(ρ_{t−1}‖p_t) − KL(ρ_t‖p_t)] = work_dissipated − lag``.
        """

    @abc.abstractmethod
    def relaxation(self, path: Float[Tensor, "points theta"], sampler_steps: int, upto: int) -> list[float]:
        """⟨E_n⟩ after 0, 1, … ``upto`` sampler steps under the last θ: what is seen inside the last update."""

    def phi(
        self, x: Shaped[Tensor, "*members count *x"], theta: Float[Tensor, "*members theta"]
    ) -> Float[Tensor, "*members count"]:
        """The normalised ``φ = E + ln Z`` of each member and sample, nats."""
        return self.energy(x, theta) + self.log_normaliser(theta)[..., None]


class EnumeratedEnergy(Taught, EnergySystem):
    """States that can all be listed; the kernel is a matrix, each column of which sums to 1 (``T[y, x]``: x → y)."""

    @abc.abstractmethod
    def states(self) -> Float[Tensor, "states units"]:
        """Every state, one a row, as float64 numbers."""

    @abc.abstractmethod
    def kernel(self, theta: Float[Tensor, " theta"]) -> _Matrix:
        """One sampler step as a matrix of probabilities between states."""

    # Model

    def sample(
        self, theta: Float[Tensor, "*members theta"], count: int, *, generator: torch.Generator
    ) -> Float[Tensor, "*members count units"]:
        """``count`` exact samples for each member, drawn from the list of all states."""
        states = self.states()
        p = torch.softmax(-self.energy(states, theta), -1)
        drawn = torch.multinomial(p.reshape(-1, len(states)), count, True, generator=generator)
        return states[drawn.reshape(*theta.shape[:-1], count)]

    def outcomes(self, path: Float[Tensor, "*points theta"]) -> tuple[Float[Tensor, "states units"], float]:
        """All states, each standing for itself (a volume of 1)."""
        return self.states(), 1.0

    # Answers

    def along(self, path: Float[Tensor, "points theta"]) -> Mapping[str, float]:
        """The ledger of this very path, with an ideal sampler, by sums over all states."""
        return ledger_of(self.energy(self.states(), path).tolist())

    def lagged(self, path: Float[Tensor, "points theta"], sampler_steps: int) -> Mapping[str, float]:
        """See :meth:`EnergySystem.lagged`; the distributions of the chains are vectors."""
        energies = self.energy(self.states(), path).numpy()
        log_z = np.array([_log_sum(-energy) for energy in energies])
        ideal = np.exp(-energies - log_z[:, None])
        chains = self.distributions(path, sampler_steps)
        ledger = self.along(path)
        work = math.fsum(chains[t - 1] @ (energies[t] - energies[t - 1]) for t in range(1, len(path)))
        heat = math.fsum((chains[t] - chains[t - 1]) @ energies[t] for t in range(1, len(path)))
        change = -float(log_z[-1] - log_z[0])
        lags = [(_relative(chains[t - 1], ideal[t]), _relative(chains[t], ideal[t])) for t in range(1, len(path))]
        return {
            "energy": float(ideal[-1] @ energies[-1]),
            "work": ledger["work"],
            "heat": ledger["heat"],
            "free_energy_change": change,
            "entropy_change": float(ideal[-1] @ energies[-1] - ideal[0] @ energies[0]) - change,
            "ep_conditional": ledger["work"],
            "fluctuation": 1.0,
            "energy_lagged": float(chains[-1] @ energies[-1]),
            "work_lagged": work,
            "heat_lagged": heat,
            "work_dissipated": work - change,
            "lag_work": work - change - ledger["work"],
            "jarzynski": 1.0,
            "log_normaliser": float(log_z[-1]),
            "entropy_conditional": ledger["entropy_conditional"],
            "lag": _relative(chains[-1], ideal[-1]),
            "ep_lagged": math.fsum(before - after for before, after in lags),
        }

    def distributions(self, path: Float[Tensor, "points theta"], sampler_steps: int) -> Float[np.ndarray, "points s"]:
        """``ρ_t = T_t^τ ρ_{t−1}`` along the path, from ``ρ_0 = p_0``."""
        require_whole(0, sampler_steps=sampler_steps)
        energy = self.energy(self.states(), path[0]).numpy()
        chains = [np.exp(-energy - _log_sum(-energy))]
        for theta in path[1:]:
            chains.append(np.linalg.matrix_power(self.kernel(theta), sampler_steps) @ chains[-1])
        return np.stack(chains)

    def relaxation(self, path: Float[Tensor, "points theta"], sampler_steps: int, upto: int) -> list[float]:
        """⟨E_n⟩ after 0, 1, … ``upto`` sampler steps under the last θ: what is seen inside the last update."""
        chain = self.distributions(path[:-1], sampler_steps)[-1]
        energy, kernel = self.energy(self.states(), path[-1]).numpy(), self.kernel(path[-1])
        means = [float(energy @ chain)]
        for _ in range(upto):
            chain = kernel @ chain
            means.append(float(energy @ chain))
        return means

    def whole_chain(self, path: Float[Tensor, "points theta"], sampler_steps: int) -> tuple[float, float]:
        """``1ᵀ Π_t (T_t^τ diag e^{−ΔE_t}) p_0`` and ``Z_n/Z_0``: Jarzynski's equality as a product of matrices."""
        energies = self.energy(self.states(), path).numpy()
        weights = self.distributions(path[:1], 0)[0]
        for theta, (before, after) in zip(path[1:], itertools.pairwise(energies), strict=True):
            weights = np.linalg.matrix_power(self.kernel(theta), sampler_steps) @ (np.exp(before - after) * weights)
        return float(weights.sum()), math.exp(float(self.log_normaliser(path[-1]) - self.log_normaliser(path[0])))


def _log_sum(values: _Vector) -> float:
    highest = float(values.max())
    return highest + math.log(math.fsum(np.exp(values - highest).tolist()))


def _relative(rho: _Vector, p: _Vector) -> float:
    """``KL(ρ‖p)``, term by term not negative, so that a small one keeps its digits."""
    ratio = rho / p - 1
    terms = np.where(rho > 0, p * ((1 + ratio) * np.log1p(np.maximum(ratio, -1 + 1e-300)) - ratio), p)
    return math.fsum(terms.tolist())
