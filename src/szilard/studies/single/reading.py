"""The reading of a record, made once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from szilard.studies.kits.watched.evidence import Evidence
from szilard.studies.reading import Reading

if TYPE_CHECKING:
    import xarray as xr


class SingleReading(Reading):
    """A record."""

    @cached_property
    def evidence(self) -> Evidence:
        """What the claims look at."""
        return Evidence.of(self.tree)

    @property
    def rows(self) -> xr.Dataset:
        """The leading group."""
        return self.evidence.ledger

    def span(self) -> str:
        """What was covered, in words."""
        return self.evidence.span()


def read(tree: xr.DataTree) -> SingleReading:
    """The reading of a record."""
    return SingleReading(tree)
