"""The reading of a record, made once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from szilard.studies.fig3.evidence import Fig3Evidence
from szilard.studies.reading import Reading

if TYPE_CHECKING:
    import xarray as xr


class Fig3Reading(Reading):
    """A record."""

    @cached_property
    def evidence(self) -> Fig3Evidence:
        """What the claims look at."""
        return Fig3Evidence.of(self.tree)

    @property
    def rows(self) -> xr.Dataset:
        """The leading group."""
        return self.evidence.record

    def span(self) -> str:
        """What was covered, in words."""
        return self.evidence.span()


def read(tree: xr.DataTree) -> Fig3Reading:
    """The reading of a record."""
    return Fig3Reading(tree)
