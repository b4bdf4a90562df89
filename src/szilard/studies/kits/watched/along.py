"""What figures along one training look at, whatever was watched: columns of the ledger as curves with intervals."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from szilard.page.curve import Curve, thinned

if TYPE_CHECKING:
    import xarray as xr


class Rows(Protocol):
    """The finite rows of one run's ledger."""

    @property
    def ledger(self) -> xr.Dataset:
        """The group."""

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The record's root attributes."""

    @property
    def steps(self) -> np.ndarray:
        """Training step of each row."""

    def column(self, name: str) -> np.ndarray:
        """One number a row."""


class Along(abc.ABC):
    """One training, ready to be drawn; how wide an interval is depends on what was sampled."""

    @property
    @abc.abstractmethod
    def rows(self) -> Rows:
        """What is drawn."""

    @property
    @abc.abstractmethod
    def width(self) -> float:
        """Half the 95 % interval in standard errors."""

    @property
    def ledger(self) -> xr.Dataset:
        """Group ``ledger``, finite rows only."""
        return self.rows.ledger

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The record's root attributes."""
        return self.rows.attributes

    def has(self, *names: str) -> bool:
        """Whether all these columns exist and hold a finite number each."""
        return all(
            name in self.ledger and np.isfinite(np.asarray(self.ledger[name].values, dtype=float)).any()
            for name in names
        )

    def curve(self, name: str) -> Curve:
        """A ledger column along the training, thinned, with its 95 % interval where it has an error."""
        values = self.rows.column(name)
        known = np.flatnonzero(np.isfinite(values))
        places = known[thinned(len(known))]
        half = self.width * self.rows.column(f"{name}_error")[places] if f"{name}_error" in self.ledger else None
        return Curve(self.rows.steps[places], values[places], half)

    def mapping(self, name: str) -> Mapping[str, Any]:
        """A nested attribute; empty where it is missing or no mapping."""
        value = self.attributes.get(name)
        return value if isinstance(value, Mapping) else {}
