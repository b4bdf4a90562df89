"""What the record of one watched training says: its ledger, its bursts, and what moved the model."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from szilard.estimate import Estimate, Kind
from szilard.studies.kits.watched.bursts import Bursts
from szilard.studies.kits.watched.drift import DriftShare, drift_share, drift_shares, momentum_of
from szilard.studies.kits.watched.phases import Phase, phases
from szilard.studies.measuring_interval import at_last_interval
from szilard.studies.reading import Reading, finite_rows
from szilard.verdicts.bounds import LEVEL

if TYPE_CHECKING:
    import xarray as xr

ESSENTIAL = ("energy", "entropy_conditional", "work", "heat", "ep_conditional")
"""Columns without which a row of the ledger says nothing."""


class WatchedReading(Reading):
    """A record of one training, by rows of its ledger: those whose essential columns are finite."""

    @cached_property
    def rows(self) -> xr.Dataset:
        """Group ``ledger`` at the last measuring interval; what a broken run left undefined is set aside."""
        return at_last_interval(self._finite)

    @cached_property
    def _finite(self) -> xr.Dataset:
        return finite_rows(self._recorded, ESSENTIAL)

    @property
    def undefined(self) -> int:
        """How many rows of the ledger were set aside."""
        return int(self._recorded.sizes["step"]) - self.records

    @property
    def has_ledger(self) -> bool:
        """Whether the run was watched by a ledger at all, and not by other measures only."""
        return "ledger" in self.tree.children

    @property
    def _recorded(self) -> xr.Dataset:
        if self.has_ledger:
            return self.tree["ledger"].to_dataset()
        import xarray as xr

        return xr.Dataset(coords={"step": np.zeros(0, dtype=int)})

    @property
    def whole(self) -> bool:
        """Whether there is a jump to account for: two rows or more."""
        return self.records > 1

    @cached_property
    def bursts(self) -> Bursts | None:
        """Group ``reservoir``; None where the record has none, or no row of it that is defined."""
        recorded = self.group("reservoir")
        found = None if recorded is None else Bursts.of(recorded, self.attributes)
        return found if found is not None and found.records else None

    # What moved the model

    @property
    def momentum(self) -> float:
        """β of the optimiser, 0 without."""
        return momentum_of(self.attributes.get("optimizer"))

    @cached_property
    def drift_shares(self) -> tuple[DriftShare, ...]:
        """Drift's share of the work at each measuring interval, from fine to coarse."""
        return drift_shares(self.rows, self.momentum)

    @cached_property
    def drift_share(self) -> DriftShare | None:
        """The share to judge by; None when no pair of intervals has an error bar."""
        return drift_share(self.rows, self.momentum)

    @cached_property
    def phases(self) -> tuple[Phase, ...]:
        """Drift's share of the work stretch by stretch."""
        return phases(self._finite, self.momentum)

    # Numbers

    @property
    def entropy_change(self) -> Estimate:
        """ΔS(X|Θ) from the first row to the last, nats per input."""
        return self.at("entropy_change")

    @property
    def degrees_of_freedom(self) -> float:
        """Degrees of freedom of an error over probe inputs; infinite where their number is unknown or one."""
        inputs = self.mapping("probe").get("inputs")
        return inputs - 1 if isinstance(inputs, int) and inputs > 1 else math.inf

    @property
    def half_width(self) -> float:
        """Half the 95 % interval of a column, in its standard errors."""
        return float(Estimate(0.0, 1.0, Kind.EXACT, self.degrees_of_freedom).interval(LEVEL)[1])
