"""What the record of a reversed training says: distances and looks by network, start, seed, rate and group."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from szilard.reservoir.replicates import median
from szilard.studies.reading import Reading
from szilard.verdicts.bounds import LEVEL
from szilard.verdicts.finding import Interval

if TYPE_CHECKING:
    import xarray as xr


def read(tree: xr.DataTree) -> ReversalReading:
    """The reading of a record of kind ``reversal``."""
    return ReversalReading(tree)


class ReversalReading(Reading):
    """A record of paths run forward and back: group ``reversal``, whose rows count the steps taken back."""

    @cached_property
    def rows(self) -> xr.Dataset:
        """Group ``reversal``: a row for each number of steps taken back, 0 among them."""
        return self.tree["reversal"].to_dataset()

    @cached_property
    def laziness(self) -> xr.Dataset:
        """Group ``laziness``, by training steps since the start."""
        return self.tree["laziness"].to_dataset()

    @cached_property
    def reach(self) -> xr.Dataset:
        """Group ``reach``, a row for each start."""
        return self.tree["reach"].to_dataset()

    @cached_property
    def width(self) -> xr.Dataset | None:
        """Group ``width``, one row; None where networks of several widths were left out."""
        return self.group("width")

    @property
    def whole(self) -> bool:
        """Whether every row is there: of paths, looks, starts and widths."""
        looked = self.laziness.sizes["step"] and self.reach.sizes["step"] == self.rows.sizes["start"]
        compared = "width" not in self.tree.children or self.width is not None
        return bool(looked and self.records > 1 and compared)

    @property
    def length(self) -> int:
        """The steps of a path, n; 0 where none was recorded."""
        return int(self.steps[-1]) if self.records else 0

    @property
    def starts(self) -> list[int]:
        """Training steps at which paths begin, rising."""
        return [int(start) for start in self.rows["start"].values]

    @property
    def seeds(self) -> int:
        """Independent initialisations and orders of batches."""
        return int(self.rows.sizes["seed"])

    @property
    def rates(self) -> np.ndarray:
        """Learning rates of the paths, falling, the training's own first."""
        return np.asarray(self.rows["rate"].values, dtype=float)

    @property
    def networks(self) -> list[str]:
        """What each network is called: the model first, then its twin."""
        return _names(self.attributes.get("networks"), self.rows.sizes["network"], "network")

    @property
    def groups(self) -> list[str]:
        """What each group of parameters is called; the first is all of them."""
        return _names(self.attributes.get("groups"), self.rows.sizes["group"], "group")

    # Numbers

    def relative(self, network: int = 0) -> np.ndarray:
        """Distance over the way back, shape (steps + 1, starts, seeds, rates, groups); NaN at no step, infinite where
        the way back overflowed."""
        distance, way = (self.rows[name].values[:, network] for name in ("distance", "displacement"))
        with np.errstate(invalid="ignore", divide="ignore"):
            share = distance / way
        return np.where(np.isinf(distance), np.inf, np.where(way > 0, share, np.nan))

    def missed(self) -> np.ndarray:
        """Share of the way back that the model misses in the end, median over seeds, shape (starts, rates)."""
        return np.asarray(np.median(self.relative()[-1, ..., 0], axis=1))

    @property
    def look(self) -> int:
        """The place of the look at laziness after the steps of a path, or of the one nearest to it."""
        return int(np.abs(self.laziness["step"].values - self.length).argmin())

    def at_look(self, name: str, start: int, network: int = 0) -> np.ndarray:
        """A column of laziness over the steps of a path, one number a seed; of all parameters."""
        values = self.laziness[name].values[self.look, network, start]
        return np.asarray(values[..., 0] if values.ndim == 2 else values)

    def span(self) -> str:
        """The paths that were run, in words."""
        starts = ", ".join(f"{start:,}" for start in self.starts)
        return f"paths of {self.length} steps from step {starts}"


def over_seeds(values: np.ndarray) -> tuple[float, Interval]:
    """The median over seeds with its interval, which assumes nothing of their distribution."""
    return median(values, LEVEL)


def _names(given: Any, count: int, kind: str) -> list[str]:
    """Names as the record has them; numbers where it has none."""
    known = list(given) if isinstance(given, list | tuple) else []
    return [str(known[number]) if number < len(known) else f"{kind} {number + 1}" for number in range(count)]
