"""Sums of means over several independent sets of samples: the slots, and extra samples at the first and last record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from szilard.ledger.slots import SlotSum

SLOTS, START, END = "slots", "start", "end"
"""The sets: samples that are reused, and many fresh ones of the first and of the last model."""


@final
@dataclass(frozen=True, slots=True)
class Combination:
    """A linear combination of means, each over one set of samples; the sets are independent of one another.

    Within a set samples are matched one by one, so a difference of two quantities keeps what they share.
    """

    parts: Mapping[str, SlotSum]

    @classmethod
    def of(cls, population: str, part: SlotSum) -> Combination:
        """One mean over the set ``population``, as a combination."""
        return cls({population: part})

    def __add__(self, other: Combination) -> Combination:
        parts = dict(self.parts)
        for population, part in other.parts.items():
            parts[population] = parts[population] + part if population in parts else part
        return Combination(parts)

    def __sub__(self, other: Combination) -> Combination:
        return self + other * -1.0

    def __mul__(self, factor: float) -> Combination:
        return Combination({population: part * factor for population, part in self.parts.items()})

    @property
    def value(self) -> Tensor:
        """The sum of the means, in the unit of the parts."""
        return torch.stack([part.value for part in self.parts.values()]).sum(0)

    @property
    def error(self) -> Tensor:
        """Standard error: those of the sets in quadrature."""
        return torch.stack([part.error for part in self.parts.values()]).square().sum(0).sqrt()
