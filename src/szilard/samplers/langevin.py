"""The Langevin proposal that :class:`MALA` and :class:`ULA` share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self, final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.errors import SpecError
from szilard.samplers.kernel import Energy, energy_and_gradient, normal_like


@final
@dataclass(frozen=True, slots=True)
class State:
    """Where chains are, with what the next proposal needs, so that each step evaluates the energy once."""

    x: Tensor
    energy: Float[Tensor, " count"]
    gradient: Tensor

    @classmethod
    def at(cls, energy: Energy, x: Tensor) -> Self:
        """Evaluates energy and gradient."""
        return cls(x, *energy_and_gradient(energy, x))


def propose(
    energy: Energy, state: State, step_size: float, factor: Tensor | None, generator: torch.Generator
) -> tuple[State, Float[Tensor, " count"]]:
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


def _half_square(noise: Tensor) -> Float[Tensor, " count"]:
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
