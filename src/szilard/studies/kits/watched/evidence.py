"""What the audit looks at: the columns of a record, with the rows that a broken run left undefined set aside."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from szilard.estimate import Estimate, Kind
from szilard.studies.kits.watched.bursts import Bursts

if TYPE_CHECKING:
    import xarray as xr

ESSENTIAL = ("energy", "entropy_conditional", "work", "heat", "ep_conditional")


@dataclass(frozen=True, slots=True)
class Evidence:
    """The groups of one run's record.

    Attributes:
        ledger: group ``ledger``, only rows whose essential columns are finite.
        samples: group ``samples``, likewise; None when the record has none.
        attributes: root attributes.
        undefined: how many rows of the ledger were set aside.
        reservoir: group ``reservoir``; None when the record has none, or no row of it.
    """

    ledger: xr.Dataset
    samples: xr.Dataset | None
    attributes: Mapping[str, Any]
    undefined: int
    reservoir: Bursts | None = None

    @classmethod
    def of(cls, tree: xr.DataTree) -> Evidence:
        """Of a record as :func:`szilard.records.reader.read` returns it."""
        everything = tree["ledger"].to_dataset()
        ledger = finite_rows(everything, ESSENTIAL)
        samples = None
        if "samples" in tree.children:
            samples = finite_rows(tree["samples"].to_dataset(), ("work_sampled", "heat_sampled", "entropy_sampled"))
        attributes = {str(key): value for key, value in tree.attrs.items()}
        bursts = None
        if "reservoir" in tree.children:
            bursts = Bursts.of(tree["reservoir"].to_dataset(), attributes)
        return cls(
            ledger,
            samples,
            attributes,
            everything.sizes["step"] - ledger.sizes["step"],
            bursts if bursts is not None and bursts.records else None,
        )

    @property
    def records(self) -> int:
        """Rows of the ledger, the first one included."""
        return int(self.ledger.sizes["step"])

    @property
    def steps(self) -> np.ndarray:
        """Training step of each row."""
        return np.asarray(self.ledger["step"].values)

    def column(self, name: str) -> np.ndarray:
        """A ledger column as float64, one number a row."""
        return np.asarray(self.ledger[name].values, dtype=float)

    def at_end(self, name: str) -> Estimate:
        """A ledger column at the last row, with its error over inputs."""
        return last(self.ledger, name, self.degrees_of_freedom)

    @property
    def degrees_of_freedom(self) -> float:
        """Of an error over probe inputs; infinite where their number is unknown or one."""
        probe = self.attributes.get("probe")
        inputs = probe.get("inputs") if isinstance(probe, Mapping) else None
        return inputs - 1 if isinstance(inputs, int) and inputs > 1 else math.inf

    def span(self) -> str:
        """The steps covered, in words."""
        return "nothing recorded" if not self.records else f"steps {self.steps[0]:,} to {self.steps[-1]:,}"


def finite_rows(data: xr.Dataset, names: tuple[str, ...]) -> xr.Dataset:
    """The rows in which every named column that exists is finite."""
    keep = np.ones(data.sizes["step"], dtype=bool)
    for name in names:
        if name in data:
            keep &= np.isfinite(np.asarray(data[name].values, dtype=float))
    return data.isel(step=keep)


def last(data: xr.Dataset, name: str, degrees_of_freedom: float = math.inf) -> Estimate:
    """A column's last row; NaN where there is none."""
    values = np.asarray(data[name].values, dtype=float) if name in data else np.empty(0)
    errors = np.asarray(data[f"{name}_error"].values, dtype=float) if f"{name}_error" in data else np.zeros(len(values))
    if not len(values):
        return Estimate(math.nan, math.nan, Kind.EXACT)
    return Estimate(float(values[-1]), float(errors[-1]), Kind.EXACT, degrees_of_freedom)
