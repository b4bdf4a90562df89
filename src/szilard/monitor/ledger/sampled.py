"""The second route: labels drawn from p_t and the paper's sums along trajectories (Eqs. 22-23)."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from szilard.ledger.pathwise import Pathwise
from szilard.models.ppm import Enumerable
from szilard.monitor.rows import Rows
from szilard.monitor.thinning import ThinningSchedule
from szilard.records.schema import HISTOGRAM_BINS

_DENSE_RECORDS = 24
_GROWTH = 1.1

_NAMES = (
    "work_sampled", "heat_sampled", "entropy_sampled", "work_discrepancy", "heat_discrepancy", "entropy_discrepancy",
    "fluctuation_sampled",
)  # fmt: skip

Uniform = Float[Tensor, "inputs heads samples"]


@final
@dataclass(frozen=True, slots=True)
class LabelDraw:
    """Fresh labels ``x_t`` at each record of a batch, with φ_t there and at the labels before (sums over heads)."""

    labels: Int[Tensor, "records chunk heads samples"]
    phi_old: Float[Tensor, "records chunk samples"]
    phi_new: Float[Tensor, "records chunk samples"]


@final
@dataclass(frozen=True, slots=True)
class _Excess:
    """``⟨e^{−d}⟩ − 1`` of the steps since the previous row, added up, with the squared errors of the steps."""

    steps: int
    sum: float | Tensor
    squared_error: float | Tensor

    def and_of(self, excess: Float[Tensor, "inputs samples"], variance: Float[Tensor, " inputs"]) -> _Excess:
        """One step more; labels are fresh at every step, so errors add in quadrature."""
        square = variance.mean() / excess.numel()
        return _Excess(self.steps + 1, self.sum + excess.mean(), self.squared_error + square)

    def columns(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """The mean over these steps of ``⟨e^{−d}⟩``, and its error; 1 ± 0 without a step."""
        count = max(self.steps, 1)
        mean, square = like.new_zeros(1) + self.sum / count, like.new_zeros(1) + self.squared_error
        return 1 + mean, square.sqrt() / count


_NOTHING = _Excess(0, 0.0, 0.0)


@final
@dataclass(frozen=True, slots=True)
class _TrajectoryRow:
    """The trajectories at one record, beside the exact sums they are compared with."""

    step: int
    paths: Pathwise
    exact: tuple[Tensor, Tensor, Tensor]
    excess: _Excess


@final
class SampledRoute:
    """Trajectories of fresh labels over all records; a row at each of the first 24, then ever more sparsely.

    Random numbers come from a generator of its own; the exact sums never enter it.

    Args:
        ppm: the model watched.
        samples: trajectories per probe input.
        seed: of the generator.
    """

    def __init__(self, ppm: Enumerable, samples: int, seed: int) -> None:
        self._generator = torch.Generator(device=ppm.device).manual_seed(seed)
        self._shape = (ppm.inputs, ppm.heads, samples)
        self._device = ppm.device
        self._labels: Tensor | None = None
        self._paths: Pathwise | None = None
        self._excess = _NOTHING
        self._thinning = ThinningSchedule(_GROWTH, dense=_DENSE_RECORDS)
        self._last: _TrajectoryRow | None = None

    @property
    def samples(self) -> int:
        """Number of trajectories for each probe input."""
        return self._shape[-1]

    def uniform(self) -> Uniform:
        """The random numbers of one record, drawn as it is observed: batching does not change what is drawn."""
        return torch.rand(self._shape, dtype=torch.float64, device=self._device, generator=self._generator)

    def twin(self) -> SampledRoute:
        """A copy that goes on by itself, for rehearsals; what both read is shared."""
        twin = copy.copy(self)
        twin._thinning = copy.copy(self._thinning)
        return twin

    def no_chance(self) -> Uniform:
        """Numbers of the same shape for a rehearsal, which must not use up random ones."""
        return torch.full(self._shape, 0.5, dtype=torch.float64, device=self._device)

    def draw(
        self,
        chunk: slice,
        phi: Float[Tensor, "records chunk heads outcomes"],
        p: Float[Tensor, "records chunk heads outcomes"],
        uniform: Sequence[Uniform],
    ) -> LabelDraw:
        """Labels of one chunk by inverting the cumulative distributions; the route itself does not move."""
        cumulative = p.cumsum(-1)
        u = torch.stack([numbers[chunk] for numbers in uniform]) * cumulative[..., -1:]
        new = torch.searchsorted(cumulative, u, right=True).clamp(max=p.shape[-1] - 1)
        # the first record of all has no labels before it: its own serve, and nothing is added up
        first = new[:1] if self._labels is None else self._labels[chunk].unsqueeze(0)
        old = torch.cat([first, new[:-1]])
        at_both = phi.gather(-1, torch.cat([old, new], dim=-1)).sum(2)
        return LabelDraw(new, at_both[..., : self._shape[-1]], at_both[..., self._shape[-1] :])

    def advance(
        self,
        draws: Sequence[LabelDraw],
        steps: Sequence[int],
        work: Float[Tensor, "records inputs"],
        heat: Float[Tensor, "records inputs"],
        entropy: Float[Tensor, "records inputs"],
        excess_variance: Float[Tensor, "records inputs"],
    ) -> list[Rows]:
        """A batch further; the exact per-input sums after each record are what the trajectories are compared with."""
        self._labels = torch.cat([draw.labels[-1] for draw in draws])
        phi_old, phi_new = (
            torch.cat([getattr(draw, name) for draw in draws], dim=1) for name in ("phi_old", "phi_new")
        )
        rows: list[Rows] = []
        for record, step in enumerate(steps):
            if self._paths is None:
                self._paths = Pathwise.start(phi_new[record])
            else:
                self._excess = self._excess.and_of(
                    torch.expm1(self._paths.entropy - phi_old[record]), excess_variance[record]
                )
                self._paths = self._paths.advance(phi_old[record], phi_new[record])
            exact = (work[record], heat[record], entropy[record])
            self._last = _TrajectoryRow(step, self._paths, exact, self._excess)
            if self._thinning.due():
                rows += self.finish()
        return rows

    def finish(self) -> list[Rows]:
        """The last record's row, unless it has been given."""
        pending, self._last = self._last, None
        if pending is None:
            return []
        self._excess = _NOTHING
        summary = _summary(pending)
        layout: dict[str, int | None] = dict.fromkeys([*_NAMES, *(f"{name}_error" for name in _NAMES)])
        parts = [summary]
        for prefix, values in (("ep", pending.paths.entropy_production), ("heat", pending.paths.heat)):
            layout |= {f"{prefix}_histogram": HISTOGRAM_BINS, f"{prefix}_histogram_low": None}
            layout[f"{prefix}_histogram_high"] = None
            parts += _histogram(values.flatten())
        return [Rows("samples", [pending.step], layout, torch.cat(parts).unsqueeze(0))]


def _summary(pending: _TrajectoryRow) -> Float[Tensor, " columns"]:
    """Values, then errors, in the order of ``_NAMES``."""
    paths = pending.paths
    sampled = torch.stack([paths.work, paths.heat, paths.entropy])
    discrepancy = (sampled - torch.stack(pending.exact).unsqueeze(-1)).flatten(1)
    # over inputs where there are several; a table of outcomes has one input and many labels
    independent = sampled.mean(-1) if sampled.shape[1] > 1 else sampled[:, 0]
    fluctuation, fluctuation_error = pending.excess.columns(sampled)
    return torch.cat(
        [
            independent.mean(-1),
            discrepancy.mean(-1),
            fluctuation,
            independent.std(-1) / math.sqrt(independent.shape[-1]),
            discrepancy.std(-1) / math.sqrt(discrepancy.shape[-1]),
            fluctuation_error,
        ]
    )


def _histogram(values: Float[Tensor, " paths"]) -> list[Tensor]:
    """Counts in equal bins between the least and the greatest value, and these two, without leaving the device."""
    low, high = values.min(), values.max()
    width = (high - low).clamp(min=torch.finfo(torch.float64).tiny)
    position = ((values - low) / width * HISTOGRAM_BINS).long().clamp(0, HISTOGRAM_BINS - 1)
    counts = torch.zeros(HISTOGRAM_BINS, dtype=torch.float64, device=values.device)
    return [counts.scatter_add_(0, position, torch.ones_like(values)), low.reshape(1), high.reshape(1)]
