"""What the record of Figure 3 says: the noise of many members, batch size by batch size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.distributions import student_quantile
from szilard.estimate import Estimate, Kind
from szilard.reservoir.correlation import shuffled_autocorrelation
from szilard.studies.reading import Reading

if TYPE_CHECKING:
    import xarray as xr

STRETCHES = 4
"""Parts of the training that are compared with one another."""
FEWEST = 2
"""Records, or members, of which a curve is made."""


def read(tree: xr.DataTree) -> Fig3Reading:
    """The reading of a record."""
    return Fig3Reading(tree)


class Fig3Reading(Reading):
    """A record of ensembles at several batch sizes: group ``fig3``, beside it ``paths`` and ``correlation``."""

    @cached_property
    def rows(self) -> xr.Dataset:
        """Group ``fig3``, record by record; lost members are NaN in it."""
        return self.tree.children["fig3"].to_dataset(inherit=False)

    @cached_property
    def paths(self) -> xr.Dataset:
        """Group ``paths``: values of single parameters at more steps."""
        return self.tree.children["paths"].to_dataset(inherit=False)

    @cached_property
    def correlation(self) -> xr.Dataset:
        """Group ``correlation``: covariances of the noise, start by start."""
        return self.tree.children["correlation"].to_dataset(inherit=False)

    @property
    def batches(self) -> list[int]:
        """Sizes of a batch, in the order of the record."""
        return [int(batch) for batch in self.rows["batch"].values]

    @cached_property
    def groups(self) -> list[str]:
        """Names of the groups of parameters; the first one is all of them."""
        names, count = self.mapping("groups").get("names"), int(self.rows.sizes["group"])
        if isinstance(names, list) and len(names) == count:
            return list(map(str, names))
        return ["all", *(f"layer {number}" for number in range(1, count))]

    @property
    def rate(self) -> float:
        """The learning rate; NaN where the record does not say."""
        rate = self.mapping("optimizer").get("lr")
        return float(rate) if isinstance(rate, int | float) else math.nan

    def trials(self, batch: int) -> int:
        """Members that were trained at a batch size, diverged ones included."""
        counts = self.attributes.get("trials")
        if isinstance(counts, list) and len(counts) == len(self.batches):
            return int(counts[batch])
        return int(self.alive(batch, 0).sum())

    def alive(self, batch: int, row: int = -1) -> ndarray:
        """Which members have finite numbers at a record, by place of the batch size; none before the first record."""
        if not self.records:
            return np.zeros(self.rows.sizes["member"], dtype=bool)
        return np.asarray(self.rows["finite"].values)[row, batch] == 1

    def of_members(self, name: str, batch: int) -> Float[ndarray, "records members ..."]:
        """A quantity of the members that are finite to the end."""
        return np.asarray(self.rows[name].values, dtype=float)[:, batch][:, self.alive(batch)]

    def of_watched(self, name: str, batch: int) -> Float[ndarray, "records watched ..."]:
        """A quantity of the watched members that are finite to the end; nobody's where none was watched."""
        if name not in self.rows:
            return np.empty((self.records, 0, int(self.rows.sizes["group"])))
        count = int(self.rows.sizes["watched"])
        return np.asarray(self.rows[name].values, dtype=float)[:, batch][:, self.alive(batch)[:count]]

    def mean(self, name: str, batch: int) -> Estimate:
        """Over members, at every record, with the error over members; shaped ``(records, …)``."""
        return mean_over(self.of_members(name, batch))

    def spread(self, name: str, batch: int) -> Float[ndarray, " records"]:
        """Standard deviation over members, at every record."""
        values = self.of_members(name, batch)
        return values.std(1, ddof=1) if values.shape[1] > 1 else np.full(len(values), math.nan)

    def temperature(self, batch: int) -> Estimate:
        """``T = r c/2`` (Eq. 34) at every record and group, in units of the loss."""
        noise = self.mean("noise_variance", batch)
        return Estimate(0.5 * self.rate * noise.value, 0.5 * self.rate * noise.error, noise.kind,
                        noise.degrees_of_freedom)  # fmt: skip

    @cached_property
    def even(self) -> ndarray:
        """Rows of the records that lie evenly along the training; the early, denser ones are left out."""
        interval = np.asarray(self.rows["interval"].values)
        return np.flatnonzero((interval > 0) & (2 * interval >= interval.max(initial=0)))

    def stretches(self, first: int = 0) -> list[ndarray]:
        """Rows of each of four parts of the training, from the evenly spaced record ``first`` on."""
        return np.array_split(self.even[first:], STRETCHES)

    def in_stretches(self, name: str, batch: int, first: int = 0) -> Float[ndarray, "members stretches ..."]:
        """The mean of a quantity of each member over each stretch."""
        values = self.of_members(name, batch)
        return np.stack([values[rows].mean(0) for rows in self.stretches(first)], axis=1)

    def covariance(self, batch: int) -> Float[ndarray, "starts members groups lags"]:
        """C(t, h) of the members that are finite there."""
        values = np.asarray(self.correlation["noise_covariance"].values, dtype=float)[:, batch]
        kept = np.isfinite(values).all((0, 2, 3))
        found: Float[ndarray, "starts members groups lags"] = values[:, kept]
        return found

    @property
    def starts(self) -> list[int]:
        """Steps at which correlations begin."""
        return [int(step) for step in self.correlation["step"].values]

    @property
    def lags(self) -> ndarray:
        """Lags of the correlations, in steps."""
        return np.asarray(self.correlation["lag"].values)

    def autocorrelation(self, batch: int, start: int | None = None, group: int = 0) -> Estimate:
        """ρ(h) at every lag, ratio of means over members; over all starts, or at one by its place.

        Raises:
            ValueError: with fewer than two members.
        """
        found = self.covariance(batch)[..., group, :]
        return autocorrelation(found if start is None else found[start : start + 1])

    def of_one_example(self, batch: int) -> float:
        """By what the noise of a batch is to be multiplied to have C: |b|, and in shuffled epochs (N − 1)/(N − |b|)."""
        size, count = self.batches[batch], self.attributes.get("examples")
        if self.attributes.get("shuffle") != "epochs" or not isinstance(count, int) or count <= size:
            return float(size)
        return size * (count - 1) / (count - size)

    def epoch(self, batch: int) -> int | None:
        """Steps of an epoch where batches go through shuffled ones; None where they are drawn with replacement."""
        steps = self.attributes.get("epoch")
        if self.attributes.get("shuffle") != "epochs" or not isinstance(steps, list) or len(steps) <= batch:
            return None
        return int(steps[batch])

    def shuffled(self, batch: int) -> Float[ndarray, " lags"] | None:
        """ρ(h) that shuffled epochs leave at frozen parameters; None where batches are drawn with replacement."""
        steps = self.epoch(batch)
        if steps is None or steps < 2:
            return None
        return np.array([shuffled_autocorrelation(steps, int(lag)) if lag else 1.0 for lag in self.lags])

    def drift(self, batch: int) -> Float[ndarray, "points members parameters"]:
        """θ_t − θ_0 of the parameters whose paths were kept, of members that are finite to the end."""
        paths = np.asarray(self.paths["theta"].values, dtype=float)[:, batch][:, self.alive(batch)]
        drift: Float[ndarray, "points members parameters"] = paths - paths[:1]
        return drift

    # What is shown

    @cached_property
    def shown(self) -> list[int]:
        """Places of the batch sizes that can be drawn: those with two records and a member that is still there."""
        return [place for place in range(len(self.batches)) if self.records >= FEWEST and self.alive(place).any()]

    def label(self, batch: int) -> str:
        """A batch size in words."""
        return f"|b| = {self.batches[batch]:,}"

    @cached_property
    def half_widths(self) -> Sequence[float]:
        """Half the 95 % interval of a mean over members, in standard errors, for each batch size."""
        alive = [int(self.alive(batch).sum()) for batch in range(len(self.batches))]
        return [student_quantile(0.975, count - 1) if count > 1 else math.nan for count in alive]

    @property
    def near_lags(self) -> ndarray:
        """Places of the lags that follow one another from 0 on."""
        return np.flatnonzero(self.lags == np.arange(len(self.lags)))


def autocorrelation(covariance: Float[ndarray, "starts members lags"]) -> Estimate:
    """``ρ(h) = ⟨C(t, h)⟩/⟨C(t, 0)⟩`` over members, the first lag being 0, and the mean of that over starts.

    A ratio's error is that of its influence, ``(C_m(h) − ρ C_m(0))/⟨C(0)⟩`` of member m; influences at several starts
    are averaged before their spread over members is taken.

    Raises:
        ValueError: with fewer than two members, or no start.

    Example:
        >>> print(autocorrelation(np.array([[[2.0, 1.0], [4.0, 2.0]]])).value)
        [1.  0.5]
    """
    if covariance.shape[1] < 2 or not len(covariance):
        raise ValueError("fewer than two members were correlated")
    zero = covariance[:, :, 0].mean(1)[:, None]
    ratio = covariance.mean(1) / zero
    influence = ((covariance - ratio[:, None] * covariance[:, :, :1]) / zero[:, None]).mean(0)
    error = influence.std(0, ddof=1) / math.sqrt(len(influence))
    return Estimate(ratio.mean(0), error, Kind.ASYMPTOTIC, len(influence) - 1)


def mean_over(values: Float[ndarray, "records members ..."]) -> Estimate:
    """The mean over members and its standard error."""
    count = values.shape[1]
    if count == 0:
        empty = np.full((values.shape[0], *values.shape[2:]), math.nan)
        return Estimate(empty, empty, Kind.UNBIASED)
    error = values.std(1, ddof=1) / math.sqrt(count) if count > 1 else np.full_like(values[:, 0], math.nan)
    return Estimate(values.mean(1), error, Kind.UNBIASED, max(count - 1, 1))


def log_ratio(one: Float[ndarray, " members"], other: Float[ndarray, " members"]) -> tuple[float, float]:
    """``ln ⟨one⟩/⟨other⟩`` over the same members, and its error, by which they err together (delta method)."""
    influence = one / one.mean() - other / other.mean()
    return math.log(one.mean() / other.mean()), float(influence.std(ddof=1) / math.sqrt(len(influence)))
