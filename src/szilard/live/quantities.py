"""Which columns of a record become curves, and what these are called."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from szilard.printable import printable
from szilard.records.column import Column, growing

REPLICATES = {"member", "seed", "watched"}
"""Dimensions along which the mean is drawn, between the least and the greatest."""
SEPARATE = {"group", "state", "batch", "network", "start", "rate", "width", "way", "sampler_steps"}
"""Dimensions along which each place has a curve of its own."""
MOST = 12
"""Curves of one quantity; what has more, or lies along other dimensions, is for the report."""
COUNTERS = {"interval", "measuring_interval", "wall_time"}
"""Columns that say how it was measured: offered last."""
FIRST = (
    "info_task", "info_dataset", "info_seed", "cross_entropy_between", "work_mean", "work", "heat",
    "entropy_conditional", "cross_entropy", "cross_entropy_mean", "accuracy", "accuracy_mean", "loss",
    "temperature_noise", "noise_variance", "temperature_kinetic", "gradient_noise_scale", "work_dissipated",
    "free_energy_change", "effective_sample_size", "length", "learning_rate", "potential", "energy",
)  # fmt: skip
"""What is shown before anybody chooses, the first of these that there are."""
SHOWN = 6
"""How many of them."""
UNITS = {"nat**0.5": "nat^½", "1": "", "nat**2": "nat²", "loss**2": "loss²"}


@dataclass(frozen=True, slots=True)
class Quantity:
    """One column of a record with its error, as curves.

    Attributes:
        group: of the record.
        column: that is drawn.
        error: the column of its error; None where it has none.
        places: of the curves along the column's dimensions, replicates left out; one empty place for a plain number.
        axes: of the column's dimensions, those along which the mean is taken.
        rank: its place in the order in which quantities are offered; several may have one.
    """

    group: str
    column: Column
    error: Column | None
    places: tuple[tuple[int, ...], ...]
    axes: tuple[int, ...]
    rank: int

    @property
    def key(self) -> str:
        """What it is called between page and server; the same in all records."""
        return f"{self.group}/{self.column.name}"

    def curves(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """The column's values as curves, replicates averaged; shape ``(curves, records)``."""
        values = np.asarray(values, dtype=float)
        if self.column.integer:
            values = np.where(values == self.column.fill, np.nan, values)
        if self.axes:
            known = np.isfinite(values)
            count = known.sum(axis=self.axes)
            total = np.where(known, values, 0.0).sum(axis=self.axes)
            values = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        return values.reshape(len(values), -1).T

    def told(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """What the page needs to know of it, as JSON."""
        said = self.column.attributes
        title = printable(said.get("long_name") or self.column.name)
        unit = str(said.get("units", ""))
        title += ", mean over members" if self.axes else ""
        names = self._names(attributes) if len(self.places) > 1 else [""]
        return {
            "key": self.key,
            "title": title,
            "column": self.column.name,
            "unit": printable(UNITS.get(unit, unit)),
            "of": printable(self.group),
            "rank": self.rank,
            "curves": [printable(name) for name in names],
        }

    def _names(self, attributes: Mapping[str, Any]) -> list[str]:
        """What each curve is, where there are several."""
        dims = [dim for at, dim in enumerate(self.column.dims[1:], 1) if at not in self.axes]
        texts = attributes.get("coordinate_names")
        texts = texts if isinstance(texts, Mapping) else {}
        names = []
        for place in self.places:
            parts = []
            for dim, at in zip(dims, place, strict=True):
                known = texts.get(f"{self.group}/{dim}")
                parts.append(str(known[at]) if isinstance(known, list) and at < len(known) else f"{dim} {at}")
            names.append(", ".join(parts))
        return names


def quantities(columns: Mapping[str, Mapping[str, Column]]) -> list[Quantity]:
    """Every quantity that can be drawn, those to be shown first leading.

    Args:
        columns: of a record, by group and name.
    """
    names = {name for own in columns.values() for name in own}
    found = [each for group, own in columns.items() for each in _of_group(group, growing(own), names)]
    return sorted(found, key=lambda each: each.rank)


def _rank(column: str, names: Container[str]) -> int:
    """Where a quantity stands in the order: what the record has the mean of, too, comes behind that."""
    if column in FIRST and f"{column}_mean" not in names:
        return FIRST.index(column)
    return len(FIRST) + (column in COUNTERS)


def _of_group(group: str, columns: Mapping[str, Column], names: Container[str]) -> Iterator[Quantity]:
    for name, column in columns.items():
        if name == "step" or "of" in column.attributes:  # an error bar says whose it is
            continue
        inner = column.dims[1:]
        axes = tuple(at for at, dim in enumerate(inner, 1) if dim in REPLICATES)
        extents = [extent for dim, extent in zip(inner, column.shape, strict=True) if dim not in REPLICATES]
        if not set(inner) <= REPLICATES | SEPARATE or not 0 < prod(extents) <= MOST or 0 in column.shape:
            continue
        error = columns.get(f"{name}_error") if not axes else None  # of each replicate, which the mean has not
        if error is not None and error.shape != column.shape:
            error = None
        yield Quantity(group, column, error, tuple(product(*map(range, extents))), axes, _rank(name, names))
