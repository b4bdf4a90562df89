"""The same path measured at coarser intervals: W, Q and L are path functions and depend on the measuring interval."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.monitor.path import LengthSum


@final
@dataclass(frozen=True, slots=True)
class IntervalSums:
    """Sums at several measuring intervals, all counted from the same record.

    Attributes:
        multiples: the intervals, in records; the first is 1.
        work, heat: per interval and input, nats.
        length: per interval, nat^½.
        steps: training steps covered by each interval's finished jumps.
        jumps: their number.
        pending: training steps of each interval's unfinished jump.
        records: records since counting began; None before it has.
    """

    multiples: tuple[int, ...]
    work: Float[Tensor, "intervals inputs"]
    heat: Float[Tensor, "intervals inputs"]
    length: LengthSum
    steps: tuple[int, ...]
    jumps: tuple[int, ...]
    pending: tuple[int, ...]
    records: int | None = None

    @classmethod
    def zero(cls, multiples: tuple[int, ...], inputs: int, device: torch.device) -> IntervalSums:
        """Nothing measured yet."""
        none = (0,) * len(multiples)
        nothing = torch.zeros(len(multiples), inputs, dtype=torch.float64, device=device)
        length = LengthSum.zero(len(multiples), inputs, device=device)
        return cls(multiples, nothing, nothing, length, none, none, none)

    def open(self) -> IntervalSums:
        """Counting begins at the present record."""
        return replace(self, records=0)

    def due(self, ragged: bool) -> list[int]:
        """Which intervals finish a jump at the coming record; none off the regular rhythm."""
        if self.records is None or ragged:
            return []
        return [j for j, multiple in enumerate(self.multiples) if (self.records + 1) % multiple == 0]

    def advance(
        self,
        due: list[int],
        interval: int,
        work: Float[Tensor, "due_or_more inputs"],
        heat: Float[Tensor, "due_or_more inputs"],
        h: Float[Tensor, "due_or_more inputs"],
    ) -> IntervalSums:
        """One record further, ``interval`` training steps on, at which the ``due`` intervals finish a jump.

        Rows of ``work``, ``heat`` and ``h`` follow ``due``; further ones are ignored.
        """
        if self.records is None or not due:
            return self
        pending = [steps + interval for steps in self.pending]
        covered, jumps = list(self.steps), list(self.jumps)
        for j in due:
            covered[j] += pending[j]
            jumps[j] += 1
            pending[j] = 0
        sums = LengthSum(self.length.value[due], self.length.influence[due]).add_joint(h[: len(due)])
        value, influence = self.length.value.clone(), self.length.influence.clone()
        value[due], influence[due] = sums.value, sums.influence
        new_work, new_heat = self.work.clone(), self.heat.clone()
        new_work[due] += work[: len(due)]
        new_heat[due] += heat[: len(due)]
        return replace(
            self,
            work=new_work,
            heat=new_heat,
            length=LengthSum(value, influence),
            steps=tuple(covered),
            jumps=tuple(jumps),
            pending=tuple(pending),
            records=self.records + 1,
        )
