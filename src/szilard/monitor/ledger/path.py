"""The cumulative quantities of the measured path, per probe input: what W, Q and L have been since the first record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard import ledger
from szilard.ledger.length import LengthSum
from szilard.ledger.totals import running_sum
from szilard.monitor.ledger.exact import Terms


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
