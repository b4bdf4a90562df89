"""What the audit of a reversed training looks at: distances and looks by network, start, seed, rate and group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from szilard.reservoir.median import median
from szilard.verdicts.bounds import LEVEL
from szilard.verdicts.finding import Interval

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, slots=True)
class ReversalEvidence:
    """The groups of the record of a reversed training.

    Attributes:
        reversal: by steps taken back.
        laziness: by training steps since the start.
        reach: by start.
        width: against width; None where it was left out.
        attributes: root attributes.
    """

    reversal: xr.Dataset
    laziness: xr.Dataset
    reach: xr.Dataset
    width: xr.Dataset | None
    attributes: Mapping[str, Any]

    @classmethod
    def of(cls, tree: xr.DataTree) -> ReversalEvidence:
        """Of a record as :func:`szilard.records.reader.read` returns it."""
        groups = {name: tree[name].to_dataset() for name in ("reversal", "laziness", "reach")}
        width = tree["width"].to_dataset() if "width" in tree.children else None
        return cls(**groups, width=width, attributes={str(key): value for key, value in tree.attrs.items()})

    @property
    def whole(self) -> bool:
        """Whether every row is there."""
        looked = self.laziness.sizes["step"] and self.reach.sizes["step"] == self.reversal.sizes["start"]
        return bool(looked and self.reversal.sizes["step"] > 1 and (self.width is None or self.width.sizes["step"]))

    @property
    def steps(self) -> int:
        """n, the length of a path."""
        return int(self.reversal["step"].values[-1]) if self.reversal.sizes["step"] else 0

    @property
    def starts(self) -> list[int]:
        """Training steps at which paths begin."""
        return [int(start) for start in self.reversal["start"].values]

    @property
    def rates(self) -> np.ndarray:
        """Learning rates, the training's own first."""
        return np.asarray(self.reversal["rate"].values, dtype=float)

    @property
    def networks(self) -> list[str]:
        """What each network is called."""
        return _names(self.attributes.get("networks"), self.reversal.sizes["network"], "network")

    @property
    def groups(self) -> list[str]:
        """What each group of parameters is called; the first is all of them."""
        return _names(self.attributes.get("groups"), self.reversal.sizes["group"], "group")

    def relative(self, network: int = 0) -> np.ndarray:
        """Distance over the way back, shape (steps + 1, starts, seeds, rates, groups); NaN at no step, infinite where
        the way back overflowed."""
        distance, way = (self.reversal[name].values[:, network] for name in ("distance", "displacement"))
        with np.errstate(invalid="ignore", divide="ignore"):
            share = distance / way
        return np.where(np.isinf(distance), np.inf, np.where(way > 0, share, np.nan))

    def at_look(self, name: str, start: int, network: int = 0) -> np.ndarray:
        """A column of laziness over the length of a path (or the look nearest to it), one number a seed."""
        looks = self.laziness["step"].values
        values = self.laziness[name].values[int(np.abs(looks - self.steps).argmin()), network, start]
        return np.asarray(values[..., 0] if values.ndim == 2 else values)

    def span(self) -> str:
        """What was run, in words."""
        starts = ", ".join(f"{start:,}" for start in self.starts)
        return f"paths of {self.steps} steps from step {starts}"


def over_seeds(values: np.ndarray) -> tuple[float, Interval]:
    """The median over seeds with its interval, which assumes nothing of their distribution."""
    return median(values, LEVEL)


def _names(given: Any, count: int, kind: str) -> list[str]:
    """Names as the record has them; numbers where it has none."""
    known = list(given) if isinstance(given, list | tuple) else []
    return [str(known[number]) if number < len(known) else f"{kind} {number + 1}" for number in range(count)]
