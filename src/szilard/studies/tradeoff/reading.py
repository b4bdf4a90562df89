"""The reading of a record, made once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from szilard.studies.reading import Reading
from szilard.studies.tradeoff.evidence import TradeOffEvidence

if TYPE_CHECKING:
    import xarray as xr


class TradeOffReading(Reading):
    """A record."""

    @cached_property
    def evidence(self) -> TradeOffEvidence:
        """What the claims look at."""
        return TradeOffEvidence.of(self.tree)

    @property
    def rows(self) -> xr.Dataset:
        """The leading group."""
        return self.evidence.tradeoff

    def span(self) -> str:
        """What was covered, in words."""
        return self.evidence.span()


def read(tree: xr.DataTree) -> TradeOffReading:
    """The reading of a record."""
    return TradeOffReading(tree)
