"""What everything that is said of a record looks at: one set of rules for rows, numbers, errors and what is missing."""

from __future__ import annotations

import abc
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind

if TYPE_CHECKING:
    import xarray as xr

    from szilard.information.stopping import StoppingPoint


class Reading(abc.ABC):
    """One record, read with care: made once, and shared by claims, words, page and figures.

    Rows are those of the leading group that hold finite numbers; what a broken run left undefined is set aside. A
    subclass says which group leads, and adds what only its kind of record has.
    """

    def __init__(self, tree: xr.DataTree) -> None:
        self.tree = tree
        self.attributes: Mapping[str, Any] = {str(key): value for key, value in tree.attrs.items()}

    @property
    @abc.abstractmethod
    def rows(self) -> xr.Dataset:
        """The rows of the leading group that hold finite numbers."""

    # What was recorded

    @property
    def records(self) -> int:
        """How many rows there are, the first one included."""
        return int(self.rows.sizes["step"])

    @property
    def steps(self) -> ndarray:
        """Training step of each row."""
        return np.asarray(self.rows["step"].values)

    def span(self) -> str:
        """The steps covered, in words."""
        return "nothing recorded" if not self.records else f"steps {self.steps[0]:,} to {self.steps[-1]:,}"

    @property
    def complete(self) -> bool:
        """Whether the run was closed in order."""
        return bool(self.attributes.get("status") == "complete")

    @property
    def name(self) -> str:
        """The run's name, or its directory's."""
        return str(self.attributes.get("name") or self.tree.name or "")

    def mapping(self, name: str) -> Mapping[str, Any]:
        """A nested attribute; empty where it is missing or no mapping."""
        value = self.attributes.get(name)
        return value if isinstance(value, Mapping) else {}

    def group(self, name: str) -> xr.Dataset | None:
        """Another group of the record; None where it is missing or has no row."""
        if name not in self.tree.children:
            return None
        data = self.tree.children[name].to_dataset(inherit=False)
        return data if data.sizes.get("step") else None

    @property
    def stop(self) -> StoppingPoint | None:
        """Where to stop, found without a label; None where the record cannot tell."""
        return None

    # Numbers

    def has(self, *names: str) -> bool:
        """Whether every one of these columns exists and holds a finite number in some row."""
        return all(name in self.rows and bool(np.isfinite(self.column(name)).any()) for name in names)

    def column(self, name: str) -> ndarray:
        """A column as float64, one entry a row; NaN where the record does not have it."""
        if name not in self.rows:
            return np.full(self.records, math.nan)
        return np.asarray(self.rows[name].values, dtype=float)

    def errors(self, name: str) -> ndarray | None:
        """The standard errors of a column; None where it has none."""
        return self.column(f"{name}_error") if f"{name}_error" in self.rows else None

    def at(self, name: str, row: int = -1) -> Estimate:
        """A column at a row with error, kind and degrees of freedom; NaN where it is not known."""
        if name not in self.rows or not self.records:
            return Estimate(math.nan, math.nan, Kind.EXACT)
        attributes = self.rows[name].attrs
        errors = self.errors(name)
        error = 0.0 if errors is None else float(errors[row])
        freedom = degrees_of_freedom(attributes, self.rows, row, self.attributes)
        return Estimate(float(self.column(name)[row]), error, Kind(attributes.get("kind", Kind.EXACT)), freedom)


class GroupReading(Reading):
    """A record with nothing to say beyond the columns of one group.

    Args:
        tree: the record.
        group: that leads, and is there.
    """

    def __init__(self, tree: xr.DataTree, group: str) -> None:
        super().__init__(tree)
        self._rows = tree[group].to_dataset()

    @property
    def rows(self) -> xr.Dataset:
        """All of the group's."""
        return self._rows


def finite_rows(data: xr.Dataset, names: tuple[str, ...]) -> xr.Dataset:
    """The rows in which every named column that exists is finite throughout."""
    keep = np.ones(data.sizes["step"], dtype=bool)
    for name in names:
        if name in data:
            finite = np.isfinite(np.asarray(data[name].values, dtype=float))
            keep &= finite.all(axis=tuple(range(1, finite.ndim)))
    return data.isel(step=keep)


def row_of(steps: list[int], step: int) -> int:
    """The row of a training step that was recorded, or counted from the end.

    Raises:
        RecordError: if there is none.
    """
    if step < 0 and -step <= len(steps):
        return len(steps) + step
    if step in steps:
        return steps.index(step)
    if not steps:
        raise RecordError("the record holds no rows yet: open it again once the run has begun.")
    closest = min(steps, key=lambda other: abs(other - step))
    raise RecordError(f"step {step} was not recorded: the nearest record is at step {closest}.")


def degrees_of_freedom(variable: Mapping[Any, Any], data: xr.Dataset, row: int, attributes: Mapping[str, Any]) -> float:
    """Of the standard error of a column at a row, from what the record says that the error means.

    Args:
        variable: the column's attributes, of which ``error_meaning`` tells what was sampled.
        data: the group that holds it.
        row: of the group.
        attributes: of the record's root.

    Returns:
        The number of probe inputs, outermost clusters or steps of a burst, less one; infinite where that is not known.
    """
    meaning = str(variable.get("error_meaning", ""))
    if "over the outermost clusters" in meaning:
        return _one_less(int(clusters(data, attributes)[row]))
    if "over the steps of the burst" in meaning:
        return _one_less(data["burst_steps"].values[row] if "burst_steps" in data else None)
    if "over probe inputs" in meaning:
        probe = attributes.get("probe")
        return _one_less(probe.get("inputs") if isinstance(probe, Mapping) else None)
    return math.inf


def clusters(data: xr.Dataset, attributes: Mapping[str, Any]) -> ndarray:
    """Outermost clusters in the mixtures of each row: fewer than the design's where whole ones diverged.

    Args:
        data: group ``information`` of an ensemble.
        attributes: of the root; its ``clusters`` stands wherever a row does not say. 0 where neither does.
    """
    designed = attributes.get("clusters")
    known = designed if isinstance(designed, int) else 0
    if "clusters_counted" not in data:
        return np.full(data.sizes["step"], known)
    counted = np.nan_to_num(np.asarray(data["clusters_counted"].values, dtype=float), nan=-1.0).astype(int)
    return np.where(counted > 0, counted, known)


def _one_less(count: Any) -> float:
    return int(count) - 1 if isinstance(count, int | np.integer) and count > 1 else math.inf
