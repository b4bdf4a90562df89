"""The Metropolis-adjusted Langevin algorithm: Langevin proposals, refused where detailed balance asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from szilard.samplers.kernel import Energy, uniform_like
from szilard.samplers.langevin import State, check_step, propose
from szilard.samplers.relaxation import Relaxation


@final
@dataclass(frozen=True, slots=True, eq=False)
class MALA:
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

    step_size: float
    factor: Tensor | None = None

    def __post_init__(self) -> None:
        check_step(self.step_size, self.factor)

    def relax(self, energy: Energy, x: Tensor, sampler_steps: int, generator: torch.Generator) -> Relaxation:
        """See :class:`szilard.samplers.Kernel`."""
        state = State.at(energy, x)
        accepted = torch.zeros_like(state.energy)
        for _ in range(sampler_steps):
            new, log_ratio = propose(energy, state, self.step_size, self.factor, generator)
            chance = torch.nan_to_num(log_ratio.clamp(max=0.0).exp(), nan=0.0)
            taken = uniform_like(chance, generator) < chance
            along = taken.reshape(-1, *[1] * (x.dim() - 1))
            state = State(
                torch.where(along, new.x, state.x),
                torch.where(taken, new.energy, state.energy),
                torch.where(along, new.gradient, state.gradient),
            )
            accepted += chance
        return Relaxation(
            state.x.detach().clone() if sampler_steps == 0 else state.x,
            accepted / sampler_steps if sampler_steps else torch.ones_like(accepted),
            torch.zeros_like(accepted),
        )
