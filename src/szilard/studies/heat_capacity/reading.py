"""What the record of a heat capacity says: stationary states, and the lines of loss against temperature."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind
from szilard.reservoir.heat_capacity import HeatCapacity, heat_capacity
from szilard.studies.reading import Reading

if TYPE_CHECKING:
    import xarray as xr

FEWEST = 3
"""States that a line needs."""


def read(tree: xr.DataTree) -> HeatCapacityReading:
    """The reading of a record."""
    return HeatCapacityReading(tree)


class Family(NamedTuple):
    """States that differ in their batch size alone.

    Attributes:
        width: of the hidden layers.
        rate: learning rate.
        states: their places in the record.
    """

    width: int
    rate: float
    states: tuple[int, ...]


class HeatCapacityReading(Reading):
    """A record of stationary trainings, by looks: group ``heat``, whose rows are looks at all states."""

    @cached_property
    def rows(self) -> xr.Dataset:
        """Group ``heat``, look by look."""
        return self.tree["heat"].to_dataset()

    @property
    def members(self) -> int:
        """Independent trainings in each state."""
        return int(self.rows.sizes["member"])

    @cached_property
    def states(self) -> list[Mapping[str, Any]]:
        """Width, rate, batch size and parameters of each state.

        Raises:
            RecordError: if the record does not say.
        """
        given = self.attributes.get("states")
        wanted = {"width", "rate", "batch", "parameters"}
        if not isinstance(given, Sequence) or len(given) != self.rows.sizes["state"]:
            raise RecordError("the record does not say what its states are: restore its attribute 'states'.")
        if not all(isinstance(state, Mapping) and wanted <= state.keys() for state in given):
            raise RecordError("the record's attribute 'states' lacks width, rate, batch or parameters: restore it.")
        return list(given)

    @property
    def groups(self) -> list[str]:
        """What each group of parameters is called; the first is all of them."""
        given = self.attributes.get("groups")
        known = list(given) if isinstance(given, list | tuple) else []
        return [str(known[g]) if g < len(known) else f"group {g}" for g in range(self.rows.sizes["group"])]

    @cached_property
    def families(self) -> list[Family]:
        """In the order of the record; the first is the model at its first rate."""
        found: dict[tuple[int, float], list[int]] = {}
        for place, state in enumerate(self.states):
            found.setdefault((int(state["width"]), float(state["rate"])), []).append(place)
        return [Family(width, rate, tuple(states)) for (width, rate), states in found.items()]

    @property
    def rates(self) -> list[Family]:
        """The model itself at each of its rates."""
        return [family for family in self.families if family.width == self.families[0].width]

    @property
    def widths(self) -> list[Family]:
        """All widths at the first rate, rising."""
        return sorted(family for family in self.families if family.rate == self.families[0].rate)

    def size(self, state: int, group: int = 0) -> int:
        """Parameters of a group."""
        return int(self.states[state]["parameters"][group])

    # Numbers

    def of_members(self, name: str, group: int = 0) -> np.ndarray:
        """Means over the looks, shape (states, members)."""
        values = self.column(name)
        return np.asarray((values[..., group] if values.ndim == 4 else values).mean(0))

    def mean(self, name: str, state: int, group: int = 0) -> Estimate:
        """Over looks and members, its error over members."""
        return over_members(self.of_members(name, group)[state])

    def drift(self, state: int) -> Estimate:
        """Of the loss: its mean over the last third of the looks less that over the first."""
        values, third = self.column("energy")[:, state], max(1, self.records // 3)
        return over_members(values[-third:].mean(0) - values[:third].mean(0))

    def line(self, family: Family, group: int = 0) -> HeatCapacity | None:
        """Loss against temperature; of a layer its virial energy against its own. None with too few states."""
        if len(family.states) < FEWEST or not self.records:
            return None
        energy = "virial" if group else "energy"
        temperatures = [self.mean("temperature_kinetic", state, group) for state in family.states]
        energies = [self.mean(energy, state, group) for state in family.states]
        try:
            return heat_capacity(temperatures, energies)
        except RecordError:
            return None

    def slopes(self, family: Family, group: int = 0) -> np.ndarray:
        """dU/dT of each member by itself: least squares over the states, weighted by how much members differ in each.

        Of a layer it is its virial energy against its own temperature, as in :meth:`line`.
        """
        places, energy = list(family.states), "virial" if group else "energy"
        temperatures = self.of_members("temperature_kinetic", group)[places]
        energies = self.of_members(energy, group)[places]
        weights = 1 / energies.var(axis=1, ddof=1, keepdims=True)
        away = temperatures - (weights * temperatures).sum(0) / weights.sum(0)
        return np.asarray((weights * away * energies).sum(0) / (weights * away**2).sum(0))

    def capacity(self, family: Family, group: int = 0) -> Estimate | None:
        """dU/dT with its error over members. None where there are too few states, or one member."""
        if len(family.states) < FEWEST or self.members < 2 or not self.records:
            return None
        return over_members(self.slopes(family, group))

    def span(self) -> str:
        """What was run, in words."""
        return f"{len(self.states)} states of {self.members} trainings, {self.records} looks each"

    @property
    def whole(self) -> bool:
        """Whether there are looks enough to speak of."""
        return self.records > 1

    def where(self, family: Family) -> str:
        """A family in words."""
        batches = [int(self.states[state]["batch"]) for state in family.states]
        return f"width {family.width}, r = {family.rate:g}, |b| = {batches[0]} to {batches[-1]}"


def over_members(values: np.ndarray) -> Estimate:
    """The mean of independent trainings."""
    count = len(values)
    error = float(values.std(ddof=1) / math.sqrt(count)) if count > 1 else math.nan
    return Estimate(float(values.mean()), error, Kind.ASYMPTOTIC, max(count - 1, 1))
