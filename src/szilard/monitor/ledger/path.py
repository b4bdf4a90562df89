"""The cumulative quantities of the measured path, per probe input: what W, Q and L have been since the first record.

The same path measured at coarser intervals: W, Q and L are path functions and depend on the measuring interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard import ledger
from szilard.ledger.length import LengthSum
from szilard.ledger.totals import running_sum
from szilard.monitor.ledger.exact import Terms
from szilard.monitor.ledger.intervals import JumpPlan


@final
@dataclass(frozen=True, slots=True)
class PathSums:
    """Sums over the records so far, per probe input, in nats (lengths: nat^½).

    Attributes:
        sums: by the record's name: work, heat, work_reverse, work_quadratic, precision_floor, length_mean.
        length: joint over inputs.
        length_rms: from root-mean-square angles.
    """

    sums: Mapping[str, Float[Tensor, "*records inputs"]]
    length: LengthSum
    length_rms: LengthSum

    @classmethod
    def zero(cls, inputs: int, device: torch.device) -> PathSums:
        """The sums of a path that is a single point: 0 for every input."""
        nothing = torch.zeros(inputs, dtype=torch.float64, device=device)
        names = ("work", "heat", "length_mean", "work_reverse", "work_quadratic", "precision_floor")
        none = LengthSum.zero(inputs, device=device)
        return cls(dict.fromkeys(names, nothing), none, none)

    def along(self, terms: Terms, records: int) -> PathSums:
        """The sums after each of ``records`` records, on from here."""
        h = terms.h[:records]
        angle = ledger.angle_of(h)
        steps = {"work": terms.work[:records], "heat": terms.heat[:records], "length_mean": angle, **terms.of_jump}
        return PathSums(
            sums={name: running_sum(self.sums[name], step) for name, step in steps.items()},
            length=LengthSum.joint(h).along(self.length),
            length_rms=LengthSum.root_mean_square(angle).along(self.length_rms),
        )

    def last(self) -> PathSums:
        """The sums after the batch's last record, without its dimension."""
        return PathSums({name: along[-1] for name, along in self.sums.items()}, self.length[-1], self.length_rms[-1])


@final
@dataclass(frozen=True, slots=True)
class IntervalSums:
    """W, Q and L at every measuring interval, per input; with a leading dimension, after each record of a batch."""

    work: Float[Tensor, "*records intervals inputs"]
    heat: Float[Tensor, "*records intervals inputs"]
    length: LengthSum

    @classmethod
    def zero(cls, intervals: int, inputs: int, device: torch.device) -> IntervalSums:
        """The sums before anything is measured: 0 for every interval and input."""
        nothing = torch.zeros(intervals, inputs, dtype=torch.float64, device=device)
        return cls(nothing, nothing, LengthSum.zero(intervals, inputs, device=device))

    def along(
        self,
        records: int,
        plans: list[JumpPlan],
        work: Float[Tensor, "jumps inputs"],
        heat: Float[Tensor, "jumps inputs"],
        h: Float[Tensor, "jumps inputs"],
    ) -> IntervalSums:
        """The sums after each of ``records`` records, on from here; jumps in the order of ``plans``."""
        length = LengthSum.joint(h)
        at = [plan.record for plan in plans], [plan.interval for plan in plans]

        def running(start: Tensor, jumps: Tensor) -> Tensor:
            steps = torch.zeros((records, *start.shape), dtype=start.dtype, device=start.device)
            if plans:
                steps[at] = jumps
            return running_sum(start, steps)

        return IntervalSums(
            running(self.work, work),
            running(self.heat, heat),
            LengthSum(running(self.length.value, length.value), running(self.length.influence, length.influence)),
        )

    def last(self) -> IntervalSums:
        """The sums after the batch's last record, without its dimension."""
        return IntervalSums(self.work[-1], self.heat[-1], self.length[-1])

    def chosen(self, positions: Sequence[int | None]) -> IntervalSums:
        """Some of the intervals, in this order; 0 in place of None."""
        count = self.work.shape[-2]
        at = [count if position is None else position for position in positions]
        if at == list(range(count)):
            return self

        def choose(sums: Tensor, dim: int) -> Tensor:
            padded = torch.cat([sums, torch.zeros_like(sums.narrow(dim, 0, 1))], dim=dim)
            return padded.index_select(dim, torch.tensor(at, device=sums.device))

        length = LengthSum(choose(self.length.value, -1), choose(self.length.influence, -2))
        return IntervalSums(choose(self.work, -2), choose(self.heat, -2), length)
