"""What the audit of an ensemble looks at: its information, the ledger of every member, and who belongs to whom."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from szilard.errors import SpecError
from szilard.estimate import Estimate, Kind
from szilard.information.nesting import Nesting

if TYPE_CHECKING:
    import xarray as xr

FEWEST_FOR_AN_ERROR = 3
"""Of two clusters one is left when the other is deleted, and a mixture of one cluster tells nothing of clusters."""

ESSENTIAL = ("work_mean", "heat_mean", "entropy_conditional_mean")


@dataclass(frozen=True, slots=True)
class EnsembleEvidence:
    """The groups of an ensemble's record.

    Attributes:
        information: group ``information``, only rows whose ensemble means are finite.
        ledger: group ``ledger``, every row.
        beside: the ledger at the steps of the information.
        attributes: root attributes.
        undefined: how many rows of ``information`` were set aside.
        nesting: who belongs to whom; None where the record's coordinates do not say.
    """

    information: xr.Dataset
    ledger: xr.Dataset
    beside: xr.Dataset
    attributes: Mapping[str, Any]
    undefined: int
    nesting: Nesting | None

    @classmethod
    def of(cls, tree: xr.DataTree) -> EnsembleEvidence:
        """Of a record as :func:`szilard.records.reader.read` returns it."""
        everything, ledger = tree["information"].to_dataset(), tree["ledger"].to_dataset()
        if (
            tree.attrs.get("status") != "complete" and ledger.sizes["step"]
        ):  # of a row in the making, the ledger is last
            everything = everything.isel(step=np.asarray(everything["step"] <= ledger["step"][-1]))
        keep = np.ones(everything.sizes["step"], dtype=bool)
        for name in ESSENTIAL:
            keep &= np.isfinite(_values(everything, name))
        attributes = {str(key): value for key, value in tree.attrs.items()}
        information = everything.isel(step=keep)
        beside = ledger.drop_duplicates("step").reindex(step=information["step"])
        return cls(information, ledger, beside, attributes, int((~keep).sum()), _nesting(ledger))

    # Rows

    @property
    def records(self) -> int:
        """Rows of the information, the first one included."""
        return int(self.information.sizes["step"])

    @property
    def steps(self) -> np.ndarray:
        """Training step of each row of the information."""
        return np.asarray(self.information["step"].values)

    def span(self) -> str:
        """The steps covered, in words."""
        return "nothing recorded" if not self.records else f"steps {self.steps[0]:,} to {self.steps[-1]:,}"

    def when(self, row: int = -1) -> str:
        """The step of a row, in words."""
        return f"step {self.steps[row]:,}" if self.records else "whole run"

    # Numbers

    def column(self, name: str) -> np.ndarray:
        """A column of the information as float64 ``(step, …)``; NaN where the record does not have it."""
        return _values(self.information, name)

    def of_members(self, name: str) -> np.ndarray:
        """A column of the members' ledger ``(step, member)`` at the steps of the information; NaN where it is not."""
        values = _values(self.beside, name)
        if values.ndim == 2:
            return values
        return np.broadcast_to(values[:, None], (self.records, self.ledger.sizes["member"]))

    def at(self, name: str, row: int = -1) -> Estimate:
        """A column of the information at a row, with its error over outermost clusters; NaN where there is none."""
        if not self.records:
            return Estimate(math.nan, math.nan, Kind.ASYMPTOTIC)
        error = self.column(f"{name}_error")[row] if f"{name}_error" in self.information else math.nan
        return Estimate(float(self.column(name)[row]), float(error), Kind.ASYMPTOTIC, self.degrees_of_freedom(row))

    def has(self, *names: str) -> bool:
        """Whether every one of these columns has a number at the last row."""
        return bool(self.records) and all(np.isfinite(self.column(name)[-1]).any() for name in names)

    def missing(self, *names: str) -> str:
        """Why the first of these columns that has no number has none, as a sentence."""
        for name in names:
            if not self.has(name):
                return self.reason(name) or f"The record has no {name}."
        return ""

    def reason(self, name: str) -> str:
        """What the record says of why it has no such column, or none of the quantity that it belongs to; else empty."""
        reasons = self.attributes.get("unavailable")
        known = reasons if isinstance(reasons, Mapping) else {}
        base = max((key for key in known if name.startswith(str(key))), key=len, default=None)
        said = str(known[base]).strip().rstrip(".") if base is not None else ""
        return f"{said[0].upper()}{said[1:]}." if said else ""

    # Members

    @property
    def designed(self) -> int:
        """Independent outermost clusters before any member diverged; 0 where the record does not say."""
        given = self.attributes.get("clusters")
        if isinstance(given, int):
            return given
        return 0 if self.nesting is None else self.nesting.clusters

    def clusters(self, row: int = -1) -> int:
        """Independent outermost clusters in the mixtures of a row: whole ones may have diverged."""
        counted = self.column("clusters_counted")[row] if self.records else math.nan
        return int(counted) if counted > 0 else self.designed

    def degrees_of_freedom(self, row: int = -1) -> float:
        """Of an error over outermost clusters at a row; NaN where there are too few of them for an error."""
        clusters = self.clusters(row)
        return clusters - 1 if clusters >= FEWEST_FOR_AN_ERROR else math.nan

    def weights(self, row: int) -> np.ndarray | None:
        """Share of every member in the mixtures of a row; None where the record does not say who is in them."""
        if self.nesting is None:
            return None
        finite = self.of_members("finite")[row]
        counted = self.column("members_counted")[row]
        for mask in (finite == 1, (self.of_members("finite") == 1).all(0)):
            mask = self.nesting.complete(mask)
            if mask.sum() == counted and counted >= 2:
                weights = np.zeros(self.nesting.members)
                weights[mask] = self.nesting.keep(mask).weights
                return weights
        return None

    def same_members(self) -> np.ndarray:
        """For each row, whether its mixtures hold as many members as those of the first row (none has left since)."""
        counted = self.column("members_counted")
        return np.asarray(counted == counted[:1])

    @property
    def most(self) -> float:
        """ln C, the most that one label can tell of anything, summed over heads; NaN where C is unknown."""
        probe = self.attributes.get("probe")
        probe = probe if isinstance(probe, Mapping) else {}
        outcomes, heads = probe.get("outcomes"), probe.get("heads", 1)
        return heads * math.log(outcomes) if isinstance(outcomes, int) and outcomes > 1 else math.nan


def _values(data: xr.Dataset, name: str) -> np.ndarray:
    """A column as float64; NaN in its place where there is none."""
    if name not in data:
        return np.full(data.sizes["step"], np.nan)
    return np.asarray(data[name].values, dtype=float)


def _nesting(ledger: xr.Dataset) -> Nesting | None:
    names = ("task", "dataset", "initialisation", "order")
    if any(name not in ledger for name in names):
        return None
    try:
        return Nesting(*(np.asarray(ledger[name].values) for name in names))
    except SpecError:
        return None
