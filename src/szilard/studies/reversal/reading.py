"""The reading of a record, made once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from szilard.studies.reading import Reading
from szilard.studies.reversal.evidence import ReversalEvidence

if TYPE_CHECKING:
    import xarray as xr


class ReversalReading(Reading):
    """A record."""

    @cached_property
    def evidence(self) -> ReversalEvidence:
        """What the claims look at."""
        return ReversalEvidence.of(self.tree)

    @property
    def rows(self) -> xr.Dataset:
        """The leading group."""
        return self.evidence.reversal

    def span(self) -> str:
        """What was covered, in words."""
        return self.evidence.span()


def read(tree: xr.DataTree) -> ReversalReading:
    """The reading of a record."""
    return ReversalReading(tree)
