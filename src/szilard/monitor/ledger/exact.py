"""Exact sums over outcomes for a batch of records, chunk by chunk of probe × outcomes.

From per-input tensors to the columns of rows: mean and standard error over inputs, for all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from szilard import ledger
from szilard.ledger.impossible import divergent, summable
from szilard.ledger.jump import Jump, fluctuation_of, fluctuation_variance_of, heat_of, work_of, work_reverse_of
from szilard.ledger.length import LengthSum, hellinger_of
from szilard.ledger.precision import spurious_work_of
from szilard.models.ppm import log_normaliser, phi_of
from szilard.monitor.rows import Rows, Value

_ELEMENTS_AT_ONCE = 2**19
"""Float64 numbers in each of the handful of tensors alive at a time: 4 MiB each, so that they stay in cache."""


@final
@dataclass(frozen=True, slots=True)
class Pool:
    """Logits of several models on the same probe: earlier ones first, then a batch of records. Nothing is copied.

    Attributes:
        logits: as the models gave them, each ``(inputs, heads, outcomes)``; a model may stand in several rows.
        normalisers: their ``ln Σ e^z``, nats, each ``(inputs, heads)``.
    """

    logits: tuple[Float[Tensor, "inputs heads outcomes"], ...]
    normalisers: tuple[Float[Tensor, "inputs heads"], ...]

    @classmethod
    def of(cls, logits: Sequence[Float[Tensor, "inputs heads outcomes"]]) -> Pool:
        """With normalisers, chunk by chunk: no float64 copy of all logits at once."""
        bare = cls(tuple(logits), ())
        parts = [log_normaliser(bare._stacked(chunk)) for chunk in bare.chunks(len(logits))]
        return cls(bare.logits, tuple(torch.cat(parts, dim=1)))

    def extended(self, other: Pool) -> Pool:
        """A pool of these models and then those of ``other``."""
        return Pool(self.logits + other.logits, self.normalisers + other.normalisers)

    def __getitem__(self, rows: Sequence[int]) -> Pool:
        """Some of the models."""
        return Pool(tuple(self.logits[row] for row in rows), tuple(self.normalisers[row] for row in rows))

    def __len__(self) -> int:
        return len(self.logits)

    def chunks(self, width: int) -> Iterator[slice]:
        """Slices of the probe such that ``width`` float64 copies of a chunk stay within bounds; at least one input."""
        inputs = len(self.logits[0])
        size = max(1, _ELEMENTS_AT_ONCE // (width * self.logits[0][0].numel()))
        for start in range(0, inputs, size):
            yield slice(start, min(start + size, inputs))

    def phi(self, chunk: slice) -> Float[Tensor, "models chunk heads outcomes"]:
        """Normalised φ of a chunk of the probe under every model, float64, in nats, as sums take it."""
        return summable(phi_of(self._stacked(chunk), self.normalised(chunk)))

    def normalised(self, chunk: slice) -> Float[Tensor, "models chunk heads"]:
        """``ln Σ e^z`` of a chunk of the probe under every model, float64, in nats."""
        return torch.stack([normaliser[chunk] for normaliser in self.normalisers])

    def _stacked(self, chunk: slice) -> Float[Tensor, "models chunk heads outcomes"]:
        return torch.stack([logits[chunk] for logits in self.logits])


@final
@dataclass(frozen=True, slots=True)
class Terms:
    """Per probe input, in nats; the first dimension is the batch's records, for ``work``, ``heat`` and ``h`` jumps.

    Attributes:
        work, heat, h: of the jump from the previous record to each, then of the coarser intervals' finished jumps;
            ``h`` is one minus the overlap.
        h_direct: one minus the overlap with the first model.
        of_jump: further quantities of the jump from the previous record, by name, to be added up.
        state: functions of the models themselves, by name.
        excess_variance: variance of ``e^{−d}`` over labels drawn from the previous record.
    """

    work: Float[Tensor, "jumps inputs"]
    heat: Float[Tensor, "jumps inputs"]
    h: Float[Tensor, "jumps inputs"]
    h_direct: Float[Tensor, "records inputs"]
    of_jump: Mapping[str, Float[Tensor, "records inputs"]]
    state: Mapping[str, Float[Tensor, "records inputs"]]
    excess_variance: Float[Tensor, "records inputs"]


def exact_terms(
    phi: Float[Tensor, "models chunk heads outcomes"],
    normalisers: Float[Tensor, "records chunk heads"],
    records: int,
    coarse: tuple[Sequence[int], Sequence[int]],
    *,
    epsilon: float,
    tangents: Float[Tensor, "records chunk heads outcomes"] | None,
    labels: Int[Tensor, "chunk heads"] | None,
) -> tuple[Terms, Float[Tensor, "records chunk heads outcomes"]]:
    """All exact sums of one chunk, and the records' probabilities that they rest on.

    Args:
        phi: of every model of the pool, which ends with the first model, the previous record, and the batch.
        normalisers: ``ln Σ e^z`` of the batch's records.
        records: number of records in the batch.
        coarse: pool rows at which the coarser intervals' finished jumps start and end.
        epsilon: rounding unit of the forward pass, for the precision floor.
        tangents: change of the logits along each update, to add the Fisher quadratic form.
        labels: true labels, to add accuracy and cross-entropy.
    """
    p = torch.exp(-phi)
    now, previous, first = slice(-records, None), slice(-records - 1, -1), slice(-records - 2, -records - 1)
    phi_now, p_now = phi[now], p[now]
    step = Jump(phi[previous], phi_now, p[previous], p_now)
    direct = Jump(phi[first], phi_now, p[first], p_now)
    jumps = [step]
    if coarse[0]:
        before, after = list(coarse[0]), list(coarse[1])
        jumps.append(Jump(phi[before], phi[after], p[before], p[after]))
    weighted = p_now * phi_now
    energy = weighted.sum(-1)
    # S with p normalised once more, −Σ (p/Z) ln(p/Z) = U/Z + ln Z, so that S = U still tests φ
    normalisation = p_now.sum(-1)
    state = {
        "energy": energy.sum(-1),
        "entropy_conditional": (energy / normalisation + torch.log(normalisation)).sum(-1),
        "fluctuation": fluctuation_of(step).prod(-1),
        "work_direct": divergent(work_of(direct).sum(-1)),
    }
    of_jump = {
        "work_reverse": divergent(work_reverse_of(step).sum(-1)),
        "precision_floor": spurious_work_of(p_now, normalisers.unsqueeze(-1) - phi_now, epsilon).sum(-1),
    }
    if tangents is not None:
        of_jump["work_quadratic"] = ledger.work_quadratic_per_input(phi_now, tangents.to(torch.float64)).sum(-1)
    if labels is not None:
        # mean over heads, and sum over heads
        state["accuracy"] = (phi_now.argmin(-1) == labels).to(torch.float64).mean(-1)
        target = labels.expand(records, *labels.shape).unsqueeze(-1)
        state["cross_entropy"] = divergent(phi_now.gather(-1, target).squeeze(-1).sum(-1))
    work, heat, h = (
        torch.cat([quantity(jump) for jump in jumps])
        for quantity in (
            lambda j: divergent(work_of(j).sum(-1)),
            lambda j: divergent(heat_of(j).sum(-1)),
            _overlap_defect,
        )
    )
    excess_variance = torch.expm1(torch.log1p(fluctuation_variance_of(step)).sum(-1))
    return Terms(work, heat, h, _overlap_defect(direct), of_jump, state, excess_variance), p_now


def _overlap_defect(jump: Jump) -> Float[Tensor, "jumps chunk"]:
    """One minus the overlap of the joint label: heads are independent given the input, so their overlaps multiply."""
    defect = hellinger_of(jump).clamp(max=1)
    return defect[..., 0] if defect.shape[-1] == 1 else -torch.expm1(torch.log1p(-defect).sum(-1))


def join(parts: Sequence[Terms]) -> Terms:
    """The terms of all chunks of the probe, side by side along its inputs."""
    if len(parts) == 1:
        return parts[0]
    work, heat, h, h_direct, excess_variance = (
        torch.cat([getattr(part, name) for part in parts], dim=-1)
        for name in ("work", "heat", "h", "h_direct", "excess_variance")
    )
    of_jump, state = (
        {name: torch.cat([getattr(part, field)[name] for part in parts], dim=-1) for name in getattr(parts[0], field)}
        for field in ("of_jump", "state")
    )
    return Terms(work, heat, h, h_direct, of_jump, state, excess_variance)


@final
class Columns:
    """Collects quantities of several records and turns them into rows without waiting for the device."""

    def __init__(self) -> None:
        self._layout: dict[str, int | None] = {}
        self._per_input: list[Tensor] = []
        self._replaced: list[tuple[int, Tensor]] = []
        self._plain: dict[str, Tensor] = {}
        self._replaced_errors: list[tuple[int, Tensor]] = []
        self._width = 0

    def add(self, name: str, quantity: Float[Tensor, "records *intervals inputs"] | LengthSum) -> None:
        """A quantity with an error over inputs: a mean over inputs, or a length with its influences."""
        per_input = quantity.influence if isinstance(quantity, LengthSum) else quantity
        self._layout[name] = None if per_input.dim() == 2 else per_input.shape[1]
        per_input = per_input.reshape(len(per_input), -1, per_input.shape[-1])
        if isinstance(quantity, LengthSum):
            self._replaced.append((self._width, quantity.value.reshape(len(per_input), -1)))
        self._width += per_input.shape[1]
        self._per_input.append(per_input)

    def add_share(self, name: str, share: Float[Tensor, "records inputs"]) -> None:
        """A quantity between 0 and 1; its error counts two more inputs, a 0 and a 1: all right is no certainty."""
        position = self._width
        self.add(name, share)
        count = share.shape[-1] + 2
        mean = (share.sum(-1) + 1) / count
        square = share.square().sum(-1) + 1 - count * mean.square()
        self._replaced_errors.append((position, (square / (count - 1) / count).sqrt()))

    def add_plain(self, name: str, value: Float[Tensor, " records"]) -> None:
        """Adds one number a record that has no error, such as the precision floor."""
        self._plain[name] = value

    def rows(self, group: str, steps: Sequence[int], host: Sequence[Mapping[str, Value]]) -> Rows:
        """The rows, with ``<name>_error`` beside every quantity."""
        stacked = torch.cat(self._per_input, dim=1)
        count = stacked.shape[-1]
        means = stacked.mean(-1)
        # torch.std is ten times slower than this on a CPU
        errors = ((stacked - means.unsqueeze(-1)).square().mean(-1) / max(count - 1, 1)).sqrt()
        for position, value in self._replaced:
            means[:, position : position + value.shape[1]] = value
        for position, error in self._replaced_errors:
            errors[:, position] = error
        layout = {**self._layout, **{f"{name}_error": length for name, length in self._layout.items()}}
        layout |= dict.fromkeys(self._plain)
        plain = [value.unsqueeze(-1) for value in self._plain.values()]
        return Rows(group, steps, layout, torch.cat([means, errors, *plain], dim=1), host)
