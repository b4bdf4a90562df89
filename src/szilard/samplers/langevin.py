"""Langevin dynamics of X: adjusted, so that moves are refused where detailed balance asks for it, or unadjusted.

Step sizes, adapted while chains burn in and fixed thereafter: adapting chains that measure would bias them.
"""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Self, final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.errors import SpecError
from szilard.samplers.kernel import Energy, Relaxation, energy_and_gradient, normal_like, uniform_like

PerState = Float[Tensor, " count"]


@final
@dataclass(frozen=True, slots=True)
class State:
    """Where chains are, with what the next proposal needs, so that each step evaluates the energy once."""

    x: Tensor
    energy: PerState
    gradient: Tensor

    @classmethod
    def at(cls, energy: Energy, x: Tensor) -> Self:
        """The state of chains at x, with energy and gradient evaluated there."""
        return cls(x, *energy_and_gradient(energy, x))


@dataclass(frozen=True, slots=True, eq=False)
class _Langevin(ABC):
    """What both kernels share: a proposal in each sampler step, of which some rule makes a move."""

    step_size: float
    factor: Tensor | None = None

    def __post_init__(self) -> None:
        check_step(self.step_size, self.factor)

    def relax(self, energy: Energy, x: Tensor, sampler_steps: int, generator: torch.Generator) -> Relaxation:
        """``sampler_steps`` Langevin moves of every chain; see :class:`szilard.samplers.Kernel`."""
        state = State.at(energy, x)
        accepted, shadow_work = torch.zeros_like(state.energy), torch.zeros_like(state.energy)
        for _ in range(sampler_steps):
            new, log_ratio = propose(energy, state, self.step_size, self.factor, generator)
            state, chance, shadow = self._move(state, new, log_ratio, generator)
            accepted += chance
            shadow_work += shadow
        return Relaxation(
            state.x.detach().clone() if sampler_steps == 0 else state.x,
            accepted / sampler_steps if sampler_steps else torch.ones_like(accepted),
            shadow_work,
        )

    @abstractmethod
    def _move(
        self, state: State, new: State, log_ratio: PerState, generator: torch.Generator
    ) -> tuple[State, PerState, PerState]:
        """Where the chains go, the probability to go there, and the shadow work of it in nats."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class MALA(_Langevin):
    """``y = x − ε ∇E(x) + √(2ε) ξ``, taken with probability ``min(1, g(y→x) e^{−E(y)} / (g(x→y) e^{−E(x)}))``.

    It leaves ``e^{−E}/Z`` invariant and is in detailed balance with it at any step size, so that its shadow work is 0.
    A proposal whose energy is not a number is refused. (Roberts & Tweedie, Bernoulli 2, 341 (1996).)

    Args:
        step_size: ε; the best accepts about 0.57 of the proposals (:func:`szilard.samplers.adapted`).
        factor: L of a preconditioner ``P = L Lᵀ`` on flattened states: ``y = x − ε P ∇E + √(2ε) L ξ``. A Cholesky
            factor of X's covariance makes all directions equally fast. None: the identity.

    Raises:
        SpecError: the step size is not positive, or the factor no square matrix.

    Example:
        >>> import torch
        >>> trap = lambda x: x.square().sum(1) / 2
        >>> chains = torch.zeros(20_000, 1)
        >>> relaxed = MALA(step_size=0.5).relax(trap, chains, 20, torch.Generator().manual_seed(0))
        >>> abs(relaxed.x.square().mean().item() - 1) < 0.03
        True
    """

    def _move(
        self, state: State, new: State, log_ratio: PerState, generator: torch.Generator
    ) -> tuple[State, PerState, PerState]:
        chance = torch.nan_to_num(log_ratio.clamp(max=0.0).exp(), nan=0.0)
        taken = uniform_like(chance, generator) < chance
        along = taken.reshape(-1, *[1] * (state.x.dim() - 1))
        moved = State(
            torch.where(along, new.x, state.x),
            torch.where(taken, new.energy, state.energy),
            torch.where(along, new.gradient, state.gradient),
        )
        return moved, chance, torch.zeros_like(chance)


@final
@dataclass(frozen=True, slots=True, eq=False)
class ULA(_Langevin):
    """``y = x − ε ∇E(x) + √(2ε) ξ``, always taken.

    It does not leave ``e^{−E}/Z`` invariant: in a harmonic trap ``⟨x²⟩ = 1/(1 − ε/2)`` instead of 1. With the shadow
    work ``Σ ln [g(x→y) e^{−E(x)} / (g(y→x) e^{−E(y)})]`` in the weights, averages and Jarzynski's equality are right
    again, ``⟨exp(−shadow_work)⟩ = 1`` for chains that begin in equilibrium. (Carbone et al., arXiv 2305.19414; Sivak,
    Chodera & Crooks, Phys. Rev. X 3, 011007 (2013).)

    Args:
        step_size: ε, in units of one over the energy's curvature; above 2 over the largest curvature it diverges.
        factor: see :class:`szilard.samplers.MALA`.

    Raises:
        SpecError: the step size is not positive, or the factor no square matrix.

    Example:
        >>> import torch
        >>> trap = lambda x: x.square().sum(1) / 2
        >>> generator = torch.Generator().manual_seed(0)
        >>> relaxed = ULA(step_size=0.5).relax(trap, torch.randn(20_000, 1, generator=generator), 3, generator)
        >>> abs((-relaxed.shadow_work).exp().mean().item() - 1) < 0.03
        True
    """

    def _move(
        self, state: State, new: State, log_ratio: PerState, generator: torch.Generator
    ) -> tuple[State, PerState, PerState]:
        return new, torch.ones_like(log_ratio), -log_ratio


def propose(
    energy: Energy, state: State, step_size: float, factor: Tensor | None, generator: torch.Generator
) -> tuple[State, PerState]:
    """``y = x − ε P ∇E(x) + √(2ε) L ξ`` with ``P = L Lᵀ`` and ξ ~ N(0, 1), and the log of the proposal's ratio.

    The second is ``ln [g(y→x) e^{−E(y)} / (g(x→y) e^{−E(x)})]`` in float64, with g the density of proposals: what
    Metropolis and Hastings accept by, and the negative of the shadow work of a move that is never refused. With
    ``L⁻¹(x − y) = ε Lᵀ∇E(x) − √(2ε) ξ`` the way back has the noise ``√(ε/2) Lᵀ[∇E(x) + ∇E(y)] − ξ``, whatever L.
    """
    noise = normal_like(state.x, generator)
    if factor is None:
        x = state.x - step_size * state.gradient + math.sqrt(2 * step_size) * noise
        new = State.at(energy, x)
        back = math.sqrt(step_size / 2) * (state.gradient + new.gradient) - noise
    else:
        count = len(state.x)
        factor = factor.to(state.x)
        flat = state.gradient.reshape(count, -1)
        move = -step_size * flat @ factor + math.sqrt(2 * step_size) * noise.reshape(count, -1)
        x = state.x + (move @ factor.T).reshape(state.x.shape)
        new = State.at(energy, x)
        back = math.sqrt(step_size / 2) * (flat + new.gradient.reshape(count, -1)) @ factor - noise.reshape(count, -1)
    half = (_half_square(noise), _half_square(back))
    return new, (state.energy - new.energy) + (half[0] - half[1])


def _half_square(noise: Tensor) -> PerState:
    return noise.double().square().reshape(len(noise), -1).sum(1) / 2


def check_step(step_size: float, factor: Tensor | None) -> None:
    """That a step size and a factor can be used.

    Raises:
        SpecError: the step size is not positive and finite, or the factor no square matrix.
    """
    if not (math.isfinite(step_size) and step_size > 0):
        raise SpecError(
            f"step_size must be positive and finite, not {step_size!r}: give 0.1 over the energy's curvature."
        )
    if factor is not None and (factor.dim() != 2 or factor.shape[0] != factor.shape[1]):
        raise SpecError(
            f"the preconditioner's factor has shape {tuple(factor.shape)}: give a square matrix L, for instance "
            "torch.linalg.cholesky of the data's covariance."
        )


TARGET = 0.574
"""Optimal acceptance of MALA in many dimensions (Roberts & Rosenthal, J. R. Stat. Soc. B 60, 255 (1998))."""


def adapted(
    kernel: MALA, energy: Energy, x: Tensor, sampler_steps: int, generator: torch.Generator, *, target: float = TARGET
) -> tuple[MALA, Tensor]:
    """A kernel whose proposals are taken about as often as ``target``, and where the chains came to meanwhile.

    ``ln ε ← ln ε + (⟨a⟩ − target)/k^{0.6}`` after the k-th step, ⟨a⟩ the mean acceptance of all chains (Robbins &
    Monro); the second half of the steps is averaged. The chains are burnt in, nothing more.

    Raises:
        SpecError: for fewer than two steps, or a target that is not between 0 and 1.

    Example:
        >>> import torch
        >>> generator = torch.Generator().manual_seed(0)
        >>> kernel, x = adapted(MALA(5.0), lambda x: x.square().sum(1) / 2, torch.randn(500, 20), 200, generator)
        >>> 0.3 < kernel.step_size < 0.9
        True
    """
    if sampler_steps < 2 or not 0 < target < 1:
        raise SpecError(
            "adaptation needs two steps and a target between 0 and 1: give sampler_steps=100, target=0.574."
        )
    log_step = math.log(kernel.step_size)
    late: list[float] = []
    for number in range(1, sampler_steps + 1):
        relaxed = dataclasses.replace(kernel, step_size=math.exp(log_step)).relax(energy, x, 1, generator)
        x = relaxed.x
        log_step += (float(relaxed.acceptance.mean()) - target) / number**0.6
        if 2 * number > sampler_steps:
            late.append(log_step)
    return dataclasses.replace(kernel, step_size=math.exp(sum(late) / len(late))), x
