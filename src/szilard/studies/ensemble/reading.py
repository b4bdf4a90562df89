"""The reading of a record, made once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from szilard.studies.ensemble.evidence import EnsembleEvidence
from szilard.studies.ensemble.record import Ensemble
from szilard.studies.reading import Reading

if TYPE_CHECKING:
    import xarray as xr

    from szilard.information.stopping import StoppingPoint


class EnsembleReading(Reading):
    """A record."""

    @cached_property
    def evidence(self) -> EnsembleEvidence:
        """What the claims look at."""
        return EnsembleEvidence.of(self.tree)

    @property
    def rows(self) -> xr.Dataset:
        """The leading group."""
        return self.evidence.information

    def span(self) -> str:
        """What was covered, in words."""
        return self.evidence.span()

    @cached_property
    def record(self) -> Ensemble:
        """What words and figures look at."""
        return Ensemble.of(self.tree)

    @property
    def stop(self) -> StoppingPoint | None:
        """Where models of different datasets predict one another best."""
        return self.record.stop


def read(tree: xr.DataTree) -> EnsembleReading:
    """The reading of a record."""
    return EnsembleReading(tree)
