"""The second route: labels drawn from p_t and the paper's sums along trajectories (Eqs. 22-23)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from szilard.ledger import Pathwise
from szilard.models.ppm import Enumerable
from szilard.monitor.rows import Row
from szilard.records.schema import HISTOGRAM_BINS

_DENSE_RECORDS = 24
_GROWTH = 1.1

_NAMES = (
    "work_sampled", "heat_sampled", "entropy_sampled", "work_discrepancy", "heat_discrepancy", "entropy_discrepancy",
    "fluctuation_sampled",
)  # fmt: skip


@final
@dataclass(frozen=True, slots=True)
class Draw:
    """One chunk's fresh labels, with φ_t at the old and the new ones, summed over heads, in nats."""

    labels: Int[Tensor, "chunk heads samples"]
    phi_old: Float[Tensor, "chunk samples"]
    phi_new: Float[Tensor, "chunk samples"]


@final
class SampledRoute:
    """Trajectories of fresh labels over all records; a row at each of the first 24, then ever more sparsely.

    φ is read off the logits by its own formula, ``ln Σ e^z − z_y``, and random numbers come from an own generator.
    """

    def __init__(self, ppm: Enumerable, samples: int, seed: int) -> None:
        self._generator = torch.Generator(device=ppm.device).manual_seed(seed)
        self._labels = torch.zeros(ppm.inputs, ppm.heads, samples, dtype=torch.int64, device=ppm.device)
        self._paths: Pathwise | None = None
        self._excess: list[tuple[Tensor, Tensor]] = []
        self._records = 0
        self._next_row = 0
        self._last: tuple[int, Tensor] | None = None

    def draw(self, chunk: slice, logits: Float[Tensor, "chunk heads outcomes"]) -> Draw:
        """Fresh labels of one chunk by inverting the cumulative distribution; the route itself does not move."""
        z = logits.to(torch.float64)
        normaliser = torch.logsumexp(z, -1, keepdim=True)
        old = self._labels[chunk]
        cumulative = torch.exp(z - normaliser).cumsum(-1)
        uniform = torch.rand(old.shape, dtype=torch.float64, device=z.device, generator=self._generator)
        new = torch.searchsorted(cumulative, uniform, right=True).clamp(max=z.shape[-1] - 1)
        phi_old = (normaliser - z.gather(-1, old)).sum(1)
        phi_new = (normaliser - z.gather(-1, new)).sum(1)
        return Draw(new, phi_old, phi_new)

    def advance(
        self,
        draws: list[Draw],
        step: int,
        work: Float[Tensor, " inputs"],
        heat: Float[Tensor, " inputs"],
        entropy: Float[Tensor, " inputs"],
    ) -> list[Row]:
        """One record further; the exact per-input sums so far are what the trajectories are compared with."""
        self._labels = torch.cat([draw.labels for draw in draws])
        phi_old, phi_new = (torch.cat([getattr(draw, name) for draw in draws]) for name in ("phi_old", "phi_new"))
        if self._paths is None:
            self._paths = Pathwise.start(phi_new)
        else:
            excess = torch.expm1(self._paths.entropy - phi_old)
            self._excess.append((excess.mean(), excess.var() / excess.numel()))
            self._paths = self._paths.advance(phi_old, phi_new)
        due = self._records >= self._next_row
        self._records += 1
        self._last = None
        if due:
            self._next_row = self._records if self._records < _DENSE_RECORDS else math.ceil(_GROWTH * self._records)
            return [self._row(step, self._summary(work, heat, entropy))]
        self._last = (step, self._summary(work, heat, entropy))
        return []

    def finish(self) -> list[Row]:
        """The last record's row, unless it has been given."""
        rows = [] if self._last is None else [self._row(*self._last)]
        self._last = None
        return rows

    def _summary(self, work: Tensor, heat: Tensor, entropy: Tensor) -> Tensor:
        assert self._paths is not None
        sampled = torch.stack([self._paths.work, self._paths.heat, self._paths.entropy])
        discrepancy = sampled - torch.stack([work, heat, entropy]).unsqueeze(-1)
        count = discrepancy[0].numel()
        # over inputs where there are several; a table of outcomes has one input and many labels
        independent = sampled.mean(-1) if sampled.shape[1] > 1 else sampled[:, 0]
        fluctuation, error = self._fluctuation()
        values = [independent.mean(-1), discrepancy.mean((-2, -1)), fluctuation.reshape(1)]
        errors = [
            independent.std(-1) / math.sqrt(independent.shape[-1]),
            discrepancy.flatten(1).std(-1) / math.sqrt(count),
            error.reshape(1),
        ]
        return torch.cat([*values, *errors])

    def _fluctuation(self) -> tuple[Tensor, Tensor]:
        """Mean over the steps since the previous row of ``⟨e^{−d}⟩``, with its error (steps are independent)."""
        if not self._excess:
            one = torch.ones((), dtype=torch.float64, device=self._labels.device)
            return one, torch.zeros_like(one)
        means, variances = (torch.stack(parts) for parts in zip(*self._excess, strict=True))
        return 1 + means.mean(), variances.sum().sqrt() / len(self._excess)

    def _row(self, step: int, summary: Tensor) -> Row:
        assert self._paths is not None
        self._excess = []
        layout: dict[str, int | None] = dict.fromkeys([*_NAMES, *(f"{name}_error" for name in _NAMES)])
        parts = [summary]
        for prefix, values in (("ep", self._paths.entropy_production), ("heat", self._paths.heat)):
            counts, low, high = _histogram(values.flatten())
            layout |= {f"{prefix}_histogram": HISTOGRAM_BINS, f"{prefix}_histogram_low": None}
            layout[f"{prefix}_histogram_high"] = None
            parts += [counts, low.reshape(1), high.reshape(1)]
        return Row("samples", step, layout, torch.cat(parts))


def _histogram(values: Float[Tensor, " paths"]) -> tuple[Tensor, Tensor, Tensor]:
    """Counts in equal bins between the least and the greatest value, without leaving the device."""
    low, high = values.min(), values.max()
    width = (high - low).clamp(min=torch.finfo(torch.float64).tiny)
    position = ((values - low) / width * HISTOGRAM_BINS).long().clamp(max=HISTOGRAM_BINS - 1)
    counts = torch.zeros(HISTOGRAM_BINS, dtype=torch.float64, device=values.device)
    return counts.scatter_add_(0, position, torch.ones_like(values)), low, high
