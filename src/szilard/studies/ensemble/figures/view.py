"""What figures and words of an ensemble look at: its record, its step axis, and the audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from szilard.page.axes import STEP_TITLE, axis
from szilard.page.curve import Curve, thinned
from szilard.studies.ensemble.record import Ensemble
from szilard.verdicts.audit import Audit

if TYPE_CHECKING:
    import xarray as xr

FAR = 50
"""A training whose last step is so many times the first one recorded after 0 is shown on logarithmic step axes."""
LEFT = 2.5
"""Step 0 stands at the first step after it, divided by this: a logarithmic axis has no place for it of its own."""
MOST_MEMBERS = 60
"""Drawn as single lines; of more, so many are chosen evenly."""


@dataclass(frozen=True)
class View:
    """One ensemble, ready to be drawn.

    Attributes:
        record: its quantities.
        audit: the audit's rows.
    """

    record: Ensemble
    audit: Audit

    @classmethod
    def of(cls, tree: xr.DataTree, audit: Audit) -> View:
        """Of a record as the reader returns it."""
        return cls(Ensemble.of(tree), audit)

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The record's root attributes."""
        return self.record.attributes

    def has(self, *names: str) -> bool:
        """Whether there are two records or more, and all these quantities are finite somewhere."""
        return self.record.records > 1 and self.record.has(*names)

    @cached_property
    def logarithmic(self) -> bool:
        """Whether step axes are logarithmic to begin with."""
        positive = self.record.steps[self.record.steps > 0]
        return len(positive) > 2 and bool(positive[-1] >= FAR * positive[0])

    @cached_property
    def positions(self) -> np.ndarray:
        """Where each row stands on the step axis: at its step, but for step 0 on a logarithmic axis."""
        steps = self.record.steps.astype(float)
        if self.logarithmic:
            steps[steps == 0] = steps[steps > 0].min() / LEFT
        return steps

    def curve(self, name: str) -> Curve:
        """A quantity of the ensemble along the training, with its 95 % interval where it has an error."""
        errors = self.record.errors(name)
        half = None if errors is None or not np.isfinite(errors).any() else self.record.widths * errors
        return self.drawn(self.record.column(name), half)

    def drawn(self, values: np.ndarray, half: np.ndarray | None = None) -> Curve:
        """Numbers of the ensemble's rows as a curve: finite ones, thinned."""
        known = np.flatnonzero(np.isfinite(values))
        rows = known[thinned(len(known))]
        return Curve(self.positions[rows], values[rows], None if half is None else half[rows])

    def members(self, name: str) -> list[Curve]:
        """A quantity of the members' ledger, a curve for each of them (of very many, for some)."""
        values = self.record.of_members(name)
        count = values.shape[1]
        chosen = np.unique(np.linspace(0, count - 1, min(count, MOST_MEMBERS)).round().astype(int))
        return [curve for member in chosen if len(curve := self.drawn(values[:, member]))]

    def knows_of_members(self, name: str) -> bool:
        """Whether the members' ledger holds a quantity that is finite somewhere, at two records or more."""
        ledger = self.record.ledger
        return self.record.records > 1 and name in ledger and bool(np.isfinite(self.record.of_members(name)).any())

    def x_axis(self) -> dict[str, Any]:
        """The step axis. Where it is logarithmic, step 0 has a tick of its own at its left end."""
        if not self.logarithmic:
            return axis(STEP_TITLE, rangemode="tozero", tickformat=",d")
        steps, positions = self.record.steps, self.positions
        left = positions[0]
        ticks = [10**power for power in range(12) if 1.6 * left < 10**power <= 1.05 * positions[-1]]
        names = [f"{tick:,}" for tick in ticks]
        if steps[0] == 0:
            ticks, names = [left, *ticks], ["0", *names]
        reach = [float(np.log10(left / 1.2)), float(np.log10(positions[-1] * 1.04))]
        return axis(STEP_TITLE, type="log", range=reach, tickmode="array", tickvals=ticks, ticktext=names,
                    tickformat=",d", unifiedhovertitle={"text": " "})  # fmt: skip
