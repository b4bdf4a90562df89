"""The reading of a record, made once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from szilard.studies.reading import Reading
from szilard.studies.sampled.evidence import SampledEvidence

if TYPE_CHECKING:
    import xarray as xr


class SampledReading(Reading):
    """A record."""

    @cached_property
    def evidence(self) -> SampledEvidence:
        """What the claims look at."""
        return SampledEvidence.of(self.tree)

    @property
    def rows(self) -> xr.Dataset:
        """The leading group."""
        return self.evidence.ledger

    def span(self) -> str:
        """What was covered, in words."""
        return self.evidence.span()


def read(tree: xr.DataTree) -> SampledReading:
    """The reading of a record."""
    return SampledReading(tree)
