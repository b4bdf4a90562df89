"""What the record of one run says: the ledger of exact sums, and beside it the route of sampled labels."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from szilard.studies.kits.watched.reading import WatchedReading
from szilard.studies.reading import finite_rows

if TYPE_CHECKING:
    import xarray as xr


def read(tree: xr.DataTree) -> SingleReading:
    """The reading of a record."""
    return SingleReading(tree)


class SingleReading(WatchedReading):
    """A record of one training whose outcomes are enumerated, by rows of its ledger."""

    @cached_property
    def samples(self) -> xr.Dataset | None:
        """Group ``samples``, finite rows only; None where the record has none."""
        recorded = self.group("samples")
        return None if recorded is None else finite_rows(recorded, ("work_sampled", "heat_sampled", "entropy_sampled"))
