"""What X's own dynamics are: a kernel that moves states under an energy, and the little that all kernels share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, final, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.errors import ModelError

Energy = Callable[[Tensor], Float[Tensor, " count"]]
"""From states, first dimension ``count``, to their energies in nats."""


@final
@dataclass(frozen=True, slots=True)
class Relaxation:
    """X after some sampler steps.

    Attributes:
        x: the new states, first dimension ``count``.
        acceptance: mean over the sampler steps of each chain's probability to accept, 1 where nothing is refused.
        shadow_work: ``Σ ln [g(x→y) e^{−E(x)} / (g(y→x) e^{−E(y)})]`` over the steps, in nats: the work that a kernel
            does by not leaving ``e^{−E}`` invariant (unadjusted Langevin); 0 for kernels that do.
    """

    x: Tensor
    acceptance: Float[Tensor, " count"]
    shadow_work: Float[Tensor, " count"]


@runtime_checkable
class Kernel(Protocol):
    """One way for X to move; frozen, so that what it does depends on its arguments alone."""

    def relax(self, energy: Energy, x: Tensor, sampler_steps: int, generator: torch.Generator) -> Relaxation:
        """``sampler_steps`` applications to each of the states, independently of one another; ``x`` is kept.

        Args:
            energy: E of the law ``e^{−E}/Z`` that the kernel relaxes to.
            x: states, first dimension ``count``.
            sampler_steps: how many applications; 0 returns the states as they are.
            generator: of all that is random.
        """


def energy_and_gradient(energy: Energy, x: Tensor) -> tuple[Float[Tensor, " count"], Tensor]:
    """E in float64 and its gradient in x; gradients of parameters are neither computed nor touched.

    Raises:
        ModelError: if the energy is not one number per state, or cannot be differentiated in x.
    """
    if not x.is_floating_point():
        raise ModelError(
            f"the states are {x.dtype}, and a Langevin kernel needs gradients in x: give BlockGibbs or SiteGibbs."
        )
    with torch.enable_grad():
        at = x.detach().requires_grad_()
        value = energy(at)
        check_energy(value, len(x))
        if not value.requires_grad:
            raise ModelError(
                "the energy does not depend on x by operations that can be differentiated: mend it, or give a kernel "
                "that needs no gradients, BlockGibbs or SiteGibbs."
            )
        (gradient,) = torch.autograd.grad(value.sum(), at, materialize_grads=True)
    return value.detach().double(), gradient


def check_energy(value: object, count: int) -> None:
    """That there is one floating-point energy per state.

    Raises:
        ModelError: naming what it is instead.
    """
    if not isinstance(value, Tensor) or not value.is_floating_point():
        what = f"a {value.dtype} tensor" if isinstance(value, Tensor) else type(value).__name__
        raise ModelError(f"the energy is {what}, not a floating-point tensor: return one number in nats per state.")
    if value.shape != (count,):
        raise ModelError(
            f"the energy has shape {tuple(value.shape)} for {count} states, not ({count},): sum over all dimensions "
            "but the first."
        )


def normal_like(x: Tensor, generator: torch.Generator) -> Tensor:
    """Standard normal numbers of x's shape and type, drawn where the generator is."""
    return torch.randn(x.shape, generator=generator, device=generator.device, dtype=x.dtype).to(x.device)


def uniform_like(x: Tensor, generator: torch.Generator) -> Tensor:
    """Uniform numbers below 1 of x's shape, in float64, drawn where the generator is."""
    return torch.rand(x.shape, generator=generator, device=generator.device, dtype=torch.float64).to(x.device)
