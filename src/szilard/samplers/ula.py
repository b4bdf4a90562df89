"""Unadjusted Langevin: every proposal is taken, and the shadow work says what that does to the law of X."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from szilard.samplers.kernel import Energy
from szilard.samplers.langevin import State, check_step, propose
from szilard.samplers.relaxation import Relaxation


@final
@dataclass(frozen=True, slots=True, eq=False)
class ULA:
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

    step_size: float
    factor: Tensor | None = None

    def __post_init__(self) -> None:
        check_step(self.step_size, self.factor)

    def relax(self, energy: Energy, x: Tensor, sampler_steps: int, generator: torch.Generator) -> Relaxation:
        """See :class:`szilard.samplers.Kernel`."""
        state = State.at(energy, x)
        shadow_work = torch.zeros_like(state.energy)
        for _ in range(sampler_steps):
            state, log_ratio = propose(energy, state, self.step_size, self.factor, generator)
            shadow_work -= log_ratio
        return Relaxation(
            state.x.detach().clone() if sampler_steps == 0 else state.x, torch.ones_like(shadow_work), shadow_work
        )
