"""What a finished burst leaves for its statistics, before they are made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

from jaxtyping import Float
from torch import Tensor


@final
@dataclass(frozen=True, slots=True)
class BurstSums:
    """Sums over the steps of a finished burst, still on the device; of the parameters that it trained.

    Attributes:
        norms: in the order of ``burst.NORMS``.
        grams: of each group, on its sample: of ``2(g' − g)``, of ``g_a − g_b``, and of the latter's squares.
        moments: means over the burst of the sample's θ (from a centre), its force, and their product.
        greatest: greatest component of each parameter's mean force.
        projected: positions ``(groups, directions)`` and forces ``(groups, directions, steps)``.
        centre: of the sample.
        finite: whether the model still was.
    """

    norms: Float[Tensor, "steps norms parameters"]
    grams: Float[Tensor, "groups 3 steps steps"]
    moments: Float[Tensor, "3 sampled"]
    greatest: Float[Tensor, " parameters"]
    projected: tuple[Tensor, Tensor] | None
    centre: Tensor = field(repr=False)
    finite: Tensor
