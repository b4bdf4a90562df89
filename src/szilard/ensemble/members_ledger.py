"""The ledger of every member of a chunk, by exact sums over labels at each record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import final

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from szilard.ensemble.tasks import NO_LABEL
from szilard.ledger.jump import Jump, fluctuation_of, heat_of, work_of, work_reverse_of
from szilard.ledger.length import LengthSum, hellinger_of
from szilard.ledger.precision import spurious_work_of
from szilard.models import phi_of

_ELEMENTS_AT_ONCE = 2**19
"""Float64 numbers in each of the handful of tensors alive at a time, so that they stay in cache."""
_STATES = ("energy", "entropy_conditional", "fluctuation", "work_direct")
_PATHS = ("work", "heat", "work_reverse", "precision_floor")

PerInput = Float[Tensor, "members inputs"]


@final
class MembersLedger:
    """What each member's path has cost since its first record; leading dimension: members.

    A member whose logits are not finite has NaN from there on, and touches no other.

    Args:
        labels: each member's true labels of the probe, −1 where its task has none; None without labels.
        epsilon: relative rounding unit of the forward pass, for the precision floor.
    """

    def __init__(self, labels: Int[Tensor, "members inputs"] | None, epsilon: float) -> None:
        self._labels = labels
        self._epsilon = epsilon
        self._state: dict[str, Tensor] = {}

    def record(self, logits: Float[Tensor, "members inputs outcomes"]) -> dict[str, Float[Tensor, " members"]]:
        """Takes in the models as they stand; returns each column of the record, error bars included."""
        finite = torch.isfinite(logits).flatten(1).all(1)
        first = not self._state
        if first:
            self._begin(logits)
        found = self._sums(logits)
        for name in _PATHS:
            self._state[name] = self._state[name] + found[name]
        lengths = {
            "length": self._length + LengthSum.joint(found["h"]),
            "length_direct": LengthSum.joint(found["h_direct"]),
        }
        self._state["length"], self._state["length_influence"] = lengths["length"].value, lengths["length"].influence
        if first:
            self._state["entropy_first"] = found["entropy_conditional"]
        self._state["logits_before"] = logits
        return self._columns(found, lengths, finite)

    def state(self) -> dict[str, Tensor]:
        """Everything that the next record depends on; empty before the first."""
        return dict(self._state)

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Goes back to what :meth:`state` gave; what follows is the same to the bit."""
        self._state = dict(state)

    def _begin(self, logits: Tensor) -> None:
        nothing = torch.zeros(logits.shape[:2], dtype=torch.float64, device=logits.device)
        self._state = dict.fromkeys((*_PATHS, "length_influence"), nothing)
        self._state |= {"length": nothing.sum(-1), "logits_first": logits, "logits_before": logits}

    @property
    def _length(self) -> LengthSum:
        return LengthSum(self._state["length"], self._state["length_influence"])

    def _sums(self, logits: Tensor) -> dict[str, PerInput]:
        parts = [self._of_chunk(logits, chunk) for chunk in _chunks(logits)]
        return {name: torch.cat([part[name] for part in parts], dim=1) for name in parts[0]}

    def _of_chunk(self, logits: Tensor, chunk: slice) -> dict[str, PerInput]:
        now, before, first = (
            phi_of(each[:, chunk]) for each in (logits, self._state["logits_before"], self._state["logits_first"])
        )
        step = Jump(before, now)
        direct = Jump(first, now, p_after=step.p_after)
        energy, normalisation = (step.p_after * now).sum(-1), step.p_after.sum(-1)
        found = {
            "energy": energy,
            # with p normalised once more, so that S = U tests φ
            "entropy_conditional": energy / normalisation + torch.log(normalisation),
            "fluctuation": fluctuation_of(step),
            "work": work_of(step),
            "heat": heat_of(step),
            "work_reverse": work_reverse_of(step),
            "work_direct": work_of(direct),
            "h": hellinger_of(step).clamp(max=1),
            "h_direct": hellinger_of(direct).clamp(max=1),
            "precision_floor": spurious_work_of(step.p_after, logits[:, chunk].double(), self._epsilon),
        }
        if self._labels is not None:
            labels = self._labels[:, chunk]
            target = labels.clamp(min=0).unsqueeze(-1)
            found["accuracy"] = (now.argmin(-1) == labels).double()
            found["cross_entropy"] = now.gather(-1, target).squeeze(-1)
        return found

    def _columns(
        self, found: Mapping[str, PerInput], lengths: Mapping[str, LengthSum], finite: Bool[Tensor, " members"]
    ) -> dict[str, Float[Tensor, " members"]]:
        change = found["entropy_conditional"] - self._state["entropy_first"]
        per_input = {
            **{name: found[name] for name in _STATES},
            **{name: self._state[name] for name in _PATHS},
            "entropy_change": change,
            "ep_conditional": change - self._state["heat"],
        }
        columns: dict[str, Tensor] = {}
        for name, values in per_input.items():
            columns[name], columns[f"{name}_error"] = values.mean(-1), _error(values)
        del columns["precision_floor_error"]
        for name, length in lengths.items():
            columns[name], columns[f"{name}_error"] = length.value, _error(length.influence)
        if self._labels is not None:
            columns |= self._performance(found, self._labels != NO_LABEL)
        columns = {name: torch.where(finite, values, torch.nan) for name, values in columns.items()}
        return columns | {"finite": finite.double()}

    def _performance(
        self, found: Mapping[str, PerInput], known: Bool[Tensor, "members inputs"]
    ) -> dict[str, Float[Tensor, " members"]]:
        """Over the inputs that have a label. Accuracy counts one more right and wrong: all right is no certainty."""
        count = known.sum(-1).double()
        right = torch.where(known, found["accuracy"], 0.0).sum(-1)
        share = (right + 1) / (count + 2)
        loss = torch.where(known, found["cross_entropy"], 0.0)
        mean = loss.sum(-1) / count
        square = torch.where(known, (loss - mean.unsqueeze(-1)).square(), 0.0).sum(-1)
        return {
            "accuracy": right / count,
            "accuracy_error": (share * (1 - share) / (count + 1)).sqrt(),
            "cross_entropy": mean,
            "cross_entropy_error": (square / (count - 1).clamp(min=1) / count).sqrt(),
        }


def _error(per_input: PerInput) -> Float[Tensor, " members"]:
    """Standard error over probe inputs; 0 for a single one, which is a table of outcomes."""
    count = per_input.shape[-1]
    if count == 1:
        return torch.zeros_like(per_input[:, 0])
    return (per_input.var(-1) / count).sqrt()


def _chunks(logits: Tensor) -> Iterator[slice]:
    members, inputs, outcomes = logits.shape
    size = max(1, _ELEMENTS_AT_ONCE // (members * outcomes))
    for start in range(0, inputs, size):
        yield slice(start, start + size)
