"""What a finished burst leaves for its statistics, before they are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

import torch
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


def laid_out(
    names: Sequence[str], measured: Sequence[tuple[str, ...]], norms: Sequence[Tensor]
) -> Float[Tensor, "steps norms parameters"]:
    """All norms of all steps in their places, float64; zeros where one was not measured.

    Args:
        names: of the places.
        measured: at each step the names of those that were.
        norms: of each step one after the other, of every parameter.
    """
    count = len(norms[0]) // len(measured[0])
    whole = norms[0].new_zeros((len(norms), len(names), count), dtype=torch.float64)
    for there in set(measured):  # the first step of a burst may measure less than the others, which are alike
        steps = [step for step, of in enumerate(measured) if of == there]
        places = torch.tensor([names.index(name) for name in there], device=whole.device)
        values = torch.stack([norms[step] for step in steps]).double().reshape(len(steps), len(there), count)
        whole[torch.tensor(steps, device=whole.device)[:, None], places] = values
    return whole
