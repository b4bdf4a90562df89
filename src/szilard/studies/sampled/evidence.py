"""What the audit of a sampled run looks at: the ledger, and beside it the relaxation and the models that were kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from szilard.estimate import Estimate, Kind
from szilard.studies.kits.watched.reading import WatchedReading

if TYPE_CHECKING:
    import xarray as xr

TINY = 1e-300


@dataclass(frozen=True, slots=True)
class SampledEvidence:
    """The groups of the record of one run whose X is sampled.

    Attributes:
        run: the ledger and the root attributes, as of any single run.
        relaxation: group ``relaxation``; None where the record has none, or no row of it.
        space: group ``model_space``; likewise.
    """

    run: WatchedReading
    relaxation: xr.Dataset | None
    space: xr.Dataset | None

    @classmethod
    def of(cls, tree: xr.DataTree) -> SampledEvidence:
        """Of a record as :func:`szilard.records.reader.read` returns it."""
        return cls(WatchedReading(tree), _group(tree, "relaxation"), _group(tree, "model_space"))

    @property
    def ledger(self) -> xr.Dataset:
        """Rows of the ledger that are defined."""
        return self.run.rows

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The record's."""
        return self.run.attributes

    @property
    def records(self) -> int:
        """Rows of the ledger, the first one included."""
        return self.run.records

    @property
    def steps(self) -> np.ndarray:
        """Training step of each row."""
        return self.run.steps

    @property
    def capability(self) -> str:
        """``sequential``, ``tractable``, ``bounded`` or ``energetic``."""
        return str(self.attributes.get("capability"))

    @property
    def flow(self) -> float:
        """The larger of W and |ΔS| at the end, nats: the scale of what was exchanged."""
        return max(self.at_end("work").value, abs(self.at_end("entropy_change").value), TINY)

    def has(self, *names: str) -> bool:
        """Whether the ledger has all these columns."""
        return all(name in self.ledger for name in names)

    def column(self, name: str) -> np.ndarray:
        """A ledger column as float64, one number a row."""
        return self.run.column(name)

    def at_end(self, name: str) -> Estimate:
        """A ledger column at the last row with its error; NaN where there is none."""
        return self.run.at(name)

    def mean(self, name: str) -> Estimate:
        """Over records, of a column whose rows err on their own; the first row, which follows no step, aside."""
        value, error = self.column(name)[1:], self.column(f"{name}_error")[1:]
        known = np.isfinite(value) & np.isfinite(error)
        count = int(known.sum())
        if not count:
            return Estimate(math.nan, math.nan, Kind.EXACT)
        spread = math.sqrt(float((error[known] ** 2).sum())) / count
        return Estimate(float(value[known].mean()), spread, Kind.UNBIASED)

    def span(self) -> str:
        """The steps covered, in words."""
        return self.run.span()


def _group(tree: xr.DataTree, name: str) -> xr.Dataset | None:
    if name not in tree.children:
        return None
    data = tree.children[name].to_dataset(inherit=False)
    return data if data.sizes.get("step") else None
