"""What figures and words of Figure 3 look at: its evidence, its audit, and a pen for each batch size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from szilard.page.style import BLUE, GREEN, ORANGE, PURPLE, VERMILLION, Pen
from szilard.studies.fig3.evidence import Fig3Evidence
from szilard.verdicts.audit import Audit

if TYPE_CHECKING:
    import xarray as xr

PENS = (Pen(VERMILLION), Pen(BLUE, "dash"), Pen(GREEN, "dot"), Pen(PURPLE, "dashdot"), Pen(ORANGE, "longdash"))
"""Of the batch sizes, from the smallest."""
STEP = 1000
"""At which the paper shows the autocorrelation."""
FEWEST = 2
"""Records, or members, of which a curve is made."""


@dataclass(frozen=True)
class View:
    """One record of Figure 3, ready to be drawn.

    Attributes:
        evidence: its numbers.
        audit: the audit's rows.
    """

    evidence: Fig3Evidence
    audit: Audit

    @classmethod
    def of(cls, tree: xr.DataTree, audit: Audit) -> View:
        """Of a record as the reader returns it."""
        return cls(Fig3Evidence.of(tree), audit)

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The record's root attributes."""
        return self.evidence.attributes

    @cached_property
    def batches(self) -> list[int]:
        """Places of the batch sizes that have something to be drawn: two records and a member that is still there."""
        there = self.evidence.records >= FEWEST
        return [place for place in range(len(self.evidence.batches)) if there and self.evidence.alive(place).any()]

    def pen(self, batch: int) -> Pen:
        """Of a batch size, by its place."""
        return PENS[batch % len(PENS)]

    def label(self, batch: int) -> str:
        """A batch size in words."""
        return f"|b| = {self.evidence.batches[batch]:,}"

    @property
    def start(self) -> int | None:
        """The place of the start whose correlation is shown: the nearest to the paper's; None without any."""
        starts = np.array(self.evidence.starts, dtype=float)
        return int(np.argmin(np.abs(np.log1p(starts) - np.log1p(STEP)))) if len(starts) else None

    @property
    def width(self) -> Sequence[float]:
        """Of a 95 % interval over members, in standard errors, for each batch size."""
        from scipy import stats

        alive = [int(self.evidence.alive(batch).sum()) for batch in range(len(self.evidence.batches))]
        return [float(stats.t.ppf(0.975, count - 1)) if count > 1 else float("nan") for count in alive]

    def near_lags(self) -> ndarray:
        """Places of the lags that follow one another from 0 on."""
        lags = self.evidence.lags
        return np.flatnonzero(lags == np.arange(len(lags)))
