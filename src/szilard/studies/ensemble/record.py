"""What an ensemble's record says, read with care: quantities with their errors, what is missing and why."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from szilard.estimate import Estimate, Kind
from szilard.information.stopping import StoppingPoint, label_free_stop

if TYPE_CHECKING:
    import xarray as xr

LEVELS = ("info_task", "info_dataset", "info_seed")
"""The budget, from the outside in."""
LEVEL = 0.95
"""Of every interval that is shown."""
PRESENT = ("l_info", "entropy_conditional_mean", "work_mean")
"""A row in which none of these is finite holds nothing."""


def clusters_of(information: xr.Dataset, attributes: Mapping[str, Any]) -> Int[ndarray, " step"]:
    """Outermost clusters in the mixtures of each row: fewer than the design's where whole ones diverged.

    Args:
        information: group ``information``.
        attributes: of the root; its ``clusters`` stands wherever a row does not say. 0 where neither does.
    """
    designed = attributes.get("clusters")
    known = designed if isinstance(designed, int) else 0
    if "clusters_counted" not in information:
        return np.full(information.sizes["step"], known)
    counted = np.nan_to_num(np.asarray(information["clusters_counted"].values, dtype=float), nan=-1.0).astype(int)
    return np.where(counted > 0, counted, known)


def degrees_of_freedom(clusters: int) -> float:
    """Of an error over so many clusters; infinite where their number is not known."""
    return clusters - 1 if clusters > 1 else math.inf


@dataclass(frozen=True)
class Ensemble:
    """The groups of one ensemble's record, rows that hold something only.

    Attributes:
        information: group ``information``.
        ledger: group ``ledger``, the same steps.
        attributes: of the root.
        undefined: how many rows were left out.
    """

    information: xr.Dataset
    ledger: xr.Dataset
    attributes: Mapping[str, Any]
    undefined: int

    @classmethod
    def of(cls, tree: xr.DataTree) -> Ensemble:
        """Of a record as the reader returns it; it must have the groups ``information`` and ``ledger``."""
        information, ledger = (tree.children[name].to_dataset(inherit=False) for name in ("information", "ledger"))
        keep = np.zeros(information.sizes["step"], dtype=bool)
        for name in PRESENT:
            if name in information:
                keep |= np.isfinite(np.asarray(information[name].values, dtype=float))
        information = information.isel(step=keep)
        ledger = ledger.isel(step=np.isin(ledger["step"].values, information["step"].values))
        attributes = {str(key): value for key, value in tree.attrs.items()}
        return cls(information, ledger, attributes, int((~keep).sum()))

    @property
    def records(self) -> int:
        """Rows that hold something."""
        return int(self.information.sizes["step"])

    @cached_property
    def steps(self) -> np.ndarray:
        """Training step of each row."""
        return np.asarray(self.information["step"].values)

    def span(self) -> str:
        """The steps covered, in words."""
        return "nothing recorded" if not self.records else f"steps {self.steps[0]:,} to {self.steps[-1]:,}"

    @property
    def size(self) -> int:
        """How many members there are, those that diverged included."""
        return int(self.information.sizes.get("member", 0))

    @property
    def counted(self) -> int:
        """How many members are in the mixtures of the last record."""
        known = "members_counted" in self.information and self.records
        return int(self.information["members_counted"].values[-1]) if known else self.size

    def mapping(self, name: str) -> Mapping[str, Any]:
        """A nested attribute; empty where it is missing or no mapping."""
        value = self.attributes.get(name)
        return value if isinstance(value, Mapping) else {}

    def count(self, level: str) -> int:
        """How many tasks, datasets of each, or seeds of each the design has; 0 where the record does not say."""
        value = self.mapping("design").get(f"{level}s")
        return value if isinstance(value, int) else 0

    @property
    def in_sample(self) -> bool:
        """Whether the members may have been trained on the probe's inputs."""
        return self.mapping("probe").get("split") == "train"

    @property
    def lost(self) -> int:
        """How many members diverged where that left fewer than two to compare; 0 where it did not."""
        gone = len(self.diverged)
        return gone if "everything" in self.unavailable or gone >= max(self.size - 1, 1) else 0

    @cached_property
    def clusters(self) -> Int[ndarray, " step"]:
        """Of the outermost level, in each row; 0 where the record does not say."""
        return clusters_of(self.information, self.attributes)

    @property
    def designed(self) -> int:
        """Clusters before any member diverged; 0 where the record does not say."""
        value = self.attributes.get("clusters")
        return value if isinstance(value, int) else 0

    @cached_property
    def widths(self) -> Float[ndarray, " step"]:
        """Half the 95 % interval of each row, in standard errors over clusters."""
        known, place = np.unique(self.clusters, return_inverse=True)
        unit = [Estimate(0.0, 1.0, Kind.ASYMPTOTIC, degrees_of_freedom(int(each))) for each in known]
        return np.array([float(one.interval(LEVEL)[1]) for one in unit])[place.reshape(-1)]

    def has(self, *names: str) -> bool:
        """Whether all these quantities exist and are finite somewhere."""
        return all(name in self.information and np.isfinite(self.column(name)).any() for name in names)

    def column(self, name: str) -> np.ndarray:
        """A quantity of the ensemble, one number a row (or one for each member or block)."""
        return np.asarray(self.information[name].values, dtype=float)

    def errors(self, name: str) -> np.ndarray | None:
        """Its standard errors; None where it has none."""
        return self.column(f"{name}_error") if f"{name}_error" in self.information else None

    def of_members(self, name: str) -> np.ndarray:
        """A quantity of the members' ledger: rows × members."""
        return np.asarray(self.ledger[name].values, dtype=float)

    def at(self, name: str, row: int = -1) -> Estimate | None:
        """A quantity at a row, with error, kind and degrees of freedom; None where it is not known."""
        if name not in self.information or not self.records:
            return None
        value = float(self.column(name)[row])
        if not math.isfinite(value):
            return None
        errors = self.errors(name)
        kind = Kind(self.information[name].attrs.get("kind", Kind.ASYMPTOTIC))
        freedom = degrees_of_freedom(int(self.clusters[row]))
        return Estimate(value, 0.0 if errors is None else float(errors[row]), kind, freedom)

    def bracket(self, name: str, row: int = -1) -> tuple[float, float] | None:
        """The lower and upper end of a quantity's bracket, within what is possible; None where it has none.

        Information is never negative, and one prediction cannot tell more than ln C.
        """
        low, high = self.at(f"{name}_lower", row), self.at(f"{name}_upper", row)
        if low is None or high is None:
            return None
        return max(0.0, low.value), max(0.0, min(high.value, self.most))

    @property
    def most(self) -> float:
        """ln C, the entropy of a prediction that knows nothing; infinite where C is not recorded."""
        outcomes = self.mapping("probe").get("outcomes")
        return math.log(outcomes) if isinstance(outcomes, int) and outcomes > 0 else math.inf

    def saturated(self, name: str, row: int = -1) -> bool:
        """Whether the number of runs caps a quantity there."""
        flag = f"{name}_saturated"
        return bool(self.records) and flag in self.information and int(self.information[flag].values[row]) == 1

    @cached_property
    def stop(self) -> StoppingPoint | None:
        """Where ``cross_entropy_between`` is least; judged by the test loss where there are labels; else None."""
        if not self.has("cross_entropy_between"):
            return None
        errors = self.errors("cross_entropy_between")
        loss = self.column("cross_entropy_mean") if self.has("cross_entropy_mean") else None
        if loss is not None and not np.isfinite(loss).all():
            loss = None
        curve = self.column("cross_entropy_between")
        deleted = self.information.get("cross_entropy_between_deleted")
        return label_free_stop(
            self.steps, curve, 0.0 if errors is None else errors, loss, None if deleted is None else deleted.values
        )

    @cached_property
    def unavailable(self) -> dict[str, str]:
        """What the design cannot give, and why."""
        return {str(name): str(why) for name, why in self.mapping("unavailable").items()}

    @cached_property
    def diverged(self) -> list[tuple[Any, Any]]:
        """Members that diverged, each with the step at which it was seen."""
        told = self.attributes.get("diverged")
        rows = [each for each in told if isinstance(each, Mapping)] if isinstance(told, list) else []
        return [(each.get("member"), each.get("step")) for each in rows]
