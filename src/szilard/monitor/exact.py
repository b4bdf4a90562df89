"""The exact sums of one record: the present model against several earlier ones, chunk by chunk of probe × outcomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard import ledger
from szilard.models.ppm import Enumerable, phi_of
from szilard.models.tangent import logit_tangent


@final
@dataclass(frozen=True, slots=True)
class Terms:
    """What one record measures, per probe input, in nats.

    Attributes:
        work, heat: of the jump from each earlier model to the present one.
        h: one minus the overlap with each earlier model.
        state: functions of the present model and of the last jump alone, by name.
        logits: of the present model, as it gave them.
    """

    work: Float[Tensor, "earlier inputs"]
    heat: Float[Tensor, "earlier inputs"]
    h: Float[Tensor, "earlier inputs"]
    state: Mapping[str, Float[Tensor, " inputs"]]
    logits: Float[Tensor, "inputs heads outcomes"]


def exact_terms(
    ppm: Enumerable,
    earlier: Float[Tensor, "earlier inputs heads outcomes"],
    *,
    epsilon: float,
    direction: Mapping[str, Tensor] | None,
    on_chunk: Callable[[slice, Tensor], None],
) -> Terms:
    """Evaluates the probe once and sums over outcomes; never holds more float64 than a few chunks × earlier models.

    Args:
        ppm: the model as it stands.
        earlier: logits of earlier models; the first is the previous record.
        epsilon: rounding unit of the forward pass, for the precision floor.
        direction: the update δθ since the previous record, to add the Fisher quadratic form; None leaves it out.
        on_chunk: given each chunk and its logits, for whoever samples from them.
    """
    paths: list[Tensor] = []
    states: list[dict[str, Tensor]] = []
    fresh: list[Tensor] = []
    for chunk in ppm.chunks():
        logits = ppm.logits(chunk)
        before, after = phi_of(earlier[:, chunk]), phi_of(logits)
        # heads are labels independent given the input: their nats add up, their overlaps multiply
        defect = ledger.hellinger_per_input(before, after).clamp(max=1)
        work, heat = ledger.work_per_input(before, after), ledger.heat_per_input(before, after)
        paths.append(torch.stack([work.sum(-1), heat.sum(-1), -torch.expm1(torch.log1p(-defect).sum(-1))]))
        state = _state(before[0], after, epsilon)
        if direction is not None:
            tangent = logit_tangent(ppm, chunk, direction).to(torch.float64)
            state["work_quadratic"] = ledger.work_quadratic_per_input(after, tangent).sum(-1)
        if ppm.labels is not None:
            state |= _labelled(after, ppm.labels[chunk])
        states.append(state)
        on_chunk(chunk, logits)
        fresh.append(logits)
    work, heat, h = torch.cat(paths, dim=-1)
    joined = {name: torch.cat([state[name] for state in states]) for name in states[0]}
    return Terms(work, heat, h, joined, torch.cat(fresh))


def _state(before: Tensor, after: Tensor, epsilon: float) -> dict[str, Tensor]:
    return {
        "energy": ledger.energy_per_input(after).sum(-1),
        "entropy_conditional": ledger.entropy_per_input(after).sum(-1),
        "work_reverse": ledger.work_per_input(after, before).sum(-1),
        "fluctuation": ledger.fluctuation_per_input(before, after).prod(-1),
        "precision_floor": ledger.spurious_work(after, epsilon).sum(-1),
    }


def _labelled(after: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Accuracy (mean over heads) and cross-entropy (sum over heads) on the probe's true labels."""
    return {
        "accuracy": (after.argmin(-1) == labels).to(torch.float64).mean(-1),
        "cross_entropy": after.gather(-1, labels.unsqueeze(-1)).squeeze(-1).sum(-1),
    }
