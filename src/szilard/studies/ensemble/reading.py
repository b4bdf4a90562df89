"""What the record of an ensemble says: its information, the ledger of every member, and who belongs to whom."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from szilard.errors import SpecError
from szilard.estimate import Estimate, Kind
from szilard.information.nesting import Nesting
from szilard.information.stopping import StoppingPoint, label_free_stop
from szilard.studies.reading import Reading, clusters, finite_rows
from szilard.verdicts.bounds import LEVEL

if TYPE_CHECKING:
    import xarray as xr

FEWEST_FOR_AN_ERROR = 3
"""Of two clusters one is left when the other is deleted, and a mixture of one cluster tells nothing of clusters."""
ESSENTIAL = ("work_mean", "heat_mean", "entropy_conditional_mean")
"""Ensemble means without which a row of the information holds nothing."""
LEVELS = ("info_task", "info_dataset", "info_seed")
"""The budget, from the outside in."""


def read(tree: xr.DataTree) -> EnsembleReading:
    """The reading of a record."""
    return EnsembleReading(tree)


class EnsembleReading(Reading):
    """A record of many trainings: group ``information``, and beside it the ``ledger`` of every member."""

    # Rows

    @cached_property
    def rows(self) -> xr.Dataset:
        """Group ``information``, those of its rows whose ensemble means are finite."""
        return finite_rows(self._information, ESSENTIAL)

    @cached_property
    def _information(self) -> xr.Dataset:
        """Every row of the group; of a row in the making the ledger is written last, so that it is no row yet."""
        everything = self.tree.children["information"].to_dataset(inherit=False)
        if self.complete or not self.ledger.sizes["step"]:
            return everything
        return everything.isel(step=np.asarray(everything["step"] <= self.ledger["step"][-1]))

    @cached_property
    def ledger(self) -> xr.Dataset:
        """Group ``ledger``, every row."""
        return self.tree.children["ledger"].to_dataset(inherit=False)

    @cached_property
    def _beside(self) -> xr.Dataset:
        """The ledger at the steps of the information."""
        return self.ledger.drop_duplicates("step").reindex(step=self.rows["step"])

    @property
    def undefined(self) -> int:
        """How many rows of the information were set aside."""
        return int(self._information.sizes["step"]) - self.records

    def when(self, row: int = -1) -> str:
        """The step of a row, in words."""
        return f"step {self.steps[row]:,}" if self.records else "whole run"

    # Numbers

    def at(self, name: str, row: int = -1) -> Estimate:
        """A column of the information at a row; of too few clusters for an error the error is NaN."""
        found = super().at(name, row)
        if f"{name}_error" in self.rows and self.records and 0 < self.clusters_at(row) < FEWEST_FOR_AN_ERROR:
            return Estimate(found.value, math.nan, found.kind, found.degrees_of_freedom)
        return found

    def known(self, name: str, row: int = -1) -> Estimate | None:
        """A column of the information at a row; None where it is no finite number."""
        found = self.at(name, row)
        return found if math.isfinite(found.value) else None

    def known_at_the_end(self, *names: str) -> bool:
        """Whether every one of these columns has a number at the last row."""
        return bool(self.records) and all(np.isfinite(self.column(name)[-1]).any() for name in names)

    def missing(self, *names: str) -> str:
        """Why the first of these columns that has no number at the last row has none, as a sentence."""
        for name in names:
            if not self.known_at_the_end(name):
                return self.reason(name) or f"The record has no {name}."
        return ""

    @cached_property
    def unavailable(self) -> dict[str, str]:
        """What the design cannot give, and why."""
        return {str(name): str(why) for name, why in self.mapping("unavailable").items()}

    def reason(self, name: str) -> str:
        """What the record says of why it has no such column, or none of the quantity that it belongs to; else empty."""
        base = max((key for key in self.unavailable if name.startswith(key)), key=len, default=None)
        said = self.unavailable[base].strip().rstrip(".") if base is not None else ""
        return f"{said[0].upper()}{said[1:]}." if said else ""

    def bracket(self, name: str, row: int = -1) -> tuple[float, float] | None:
        """The lower and upper end of a quantity's bracket, within what is possible; None where it has none."""
        ends = [self.known(f"{name}_{end}", row) for end in ("lower", "upper")]
        low, high = (None if end is None else float(self.possible(np.array(end.value))) for end in ends)
        return None if low is None or high is None else (low, high)

    def possible(self, information: Float[ndarray, ...]) -> Float[ndarray, ...]:
        """Informations (nat) cut to what they can be: never negative, and one prediction tells no more than ln C."""
        return np.asarray(np.fmin(np.maximum(information, 0.0), self.most))

    def saturated(self, name: str, row: int = -1) -> bool:
        """Whether the number of runs caps a quantity there."""
        return bool(self.records) and bool(self.column(f"{name}_saturated")[row] == 1)

    @property
    def most(self) -> float:
        """ln C, the most that one label can tell of anything, summed over heads; NaN where C is unknown."""
        outcomes, heads = self.mapping("probe").get("outcomes"), self.mapping("probe").get("heads", 1)
        return heads * math.log(outcomes) if isinstance(outcomes, int) and outcomes > 1 else math.nan

    @cached_property
    def stop(self) -> StoppingPoint | None:
        """Where ``cross_entropy_between`` is least; judged by the test loss where there are labels; else None."""
        if not self.has("cross_entropy_between"):
            return None
        errors, loss = self.errors("cross_entropy_between"), self.column("cross_entropy_mean")
        deleted = self.rows.get("cross_entropy_between_deleted")
        return label_free_stop(
            self.steps,
            self.column("cross_entropy_between"),
            0.0 if errors is None else errors,
            loss if np.isfinite(loss).all() else None,
            None if deleted is None else deleted.values,
        )

    # Members

    @property
    def size(self) -> int:
        """How many members there are, those that diverged included."""
        return int(self.ledger.sizes.get("member", 0))

    @property
    def counted(self) -> int:
        """How many members are in the mixtures of the last record."""
        known = self.known("members_counted")
        return self.size if known is None else int(known.value)

    @cached_property
    def diverged(self) -> list[tuple[Any, Any]]:
        """Members that diverged, each with the step at which it was seen."""
        told = self.attributes.get("diverged")
        rows = [each for each in told if isinstance(each, Mapping)] if isinstance(told, list) else []
        return [(each.get("member"), each.get("step")) for each in rows]

    @property
    def lost(self) -> int:
        """How many members diverged where that left fewer than two to compare; 0 where it did not."""
        gone = len(self.diverged)
        return gone if "everything" in self.unavailable or gone >= max(self.size - 1, 1) else 0

    def of_members(self, name: str) -> Float[ndarray, "step member"]:
        """A column of the members' ledger at the steps of the information; NaN where it is not."""
        if name not in self._beside:
            return np.full((self.records, self.size), math.nan)
        values = np.asarray(self._beside[name].values, dtype=float)
        return values if values.ndim == 2 else np.broadcast_to(values[:, None], (self.records, self.size))

    @cached_property
    def nesting(self) -> Nesting | None:
        """Who belongs to whom; None where the record's coordinates do not say."""
        names = ("task", "dataset", "initialisation", "order")
        if any(name not in self.ledger for name in names):
            return None
        try:
            return Nesting(*(np.asarray(self.ledger[name].values) for name in names))
        except SpecError:
            return None

    def weights(self, row: int) -> Float[ndarray, " member"] | None:
        """Share of every member in the mixtures of a row; None where the record does not say who is in them."""
        if self.nesting is None:
            return None
        finite = self.of_members("finite") == 1
        counted = self.column("members_counted")[row]
        for mask in (finite[row], finite.all(0)):
            mask = self.nesting.complete(mask)
            if mask.sum() == counted and counted >= 2:
                weights = np.zeros(self.nesting.members)
                weights[mask] = self.nesting.keep(mask).weights
                return weights
        return None

    def same_members(self) -> Bool[ndarray, " step"]:
        """For each row, whether its mixtures hold as many members as those of the first row (none has left since)."""
        counted = self.column("members_counted")
        return np.asarray(counted == counted[:1])

    # The design

    def count(self, level: str) -> int:
        """How many tasks, datasets of each, or seeds of each the design has; 0 where the record does not say."""
        value = self.mapping("design").get(f"{level}s")
        return value if isinstance(value, int) else 0

    @property
    def in_sample(self) -> bool:
        """Whether the members may have been trained on the probe's inputs."""
        return bool(self.mapping("probe").get("split") == "train")

    @property
    def designed(self) -> int:
        """Independent outermost clusters before any member diverged; 0 where the record does not say."""
        given = self.attributes.get("clusters")
        if isinstance(given, int):
            return given
        return 0 if self.nesting is None else self.nesting.clusters

    @cached_property
    def clusters(self) -> Int[ndarray, " step"]:
        """Independent outermost clusters in the mixtures of each row: whole ones may have diverged."""
        return clusters(self.rows, {"clusters": self.designed})

    def clusters_at(self, row: int = -1) -> int:
        """Independent outermost clusters at a row; those of the design where nothing is recorded."""
        return int(self.clusters[row]) if self.records else self.designed

    @cached_property
    def half_widths(self) -> Float[ndarray, " step"]:
        """Half the 95 % interval of each row, in standard errors over clusters."""
        known, place = np.unique(self.clusters, return_inverse=True)
        freedom = [float(each - 1) if each > 1 else math.inf for each in known]
        halves = [Estimate(0.0, 1.0, Kind.ASYMPTOTIC, each).interval(LEVEL)[1] for each in freedom]
        return np.array(halves, dtype=float)[place.reshape(-1)]
