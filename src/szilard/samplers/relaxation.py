"""What comes of relaxing X under fixed parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from jaxtyping import Float
from torch import Tensor


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
