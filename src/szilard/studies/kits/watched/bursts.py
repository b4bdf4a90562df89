"""The group ``reservoir`` of a record as arrays: what every burst saw of every layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

OF_FRESH = ("noise_variance", "noise_variance_loop", "signal_variance", "noise_covariance", "max_force")
"""Columns that fresh gradients tell: unknown of layers that move by others."""
ESSENTIAL = (*OF_FRESH[:-1], "temperature_noise", "temperature_kinetic")

SAMPLED = 4096
"""Parameters of a group that the shape of its noise is taken from, where the record does not say."""


@dataclass(frozen=True, slots=True)
class Bursts:
    """The bursts of one run.

    Attributes:
        data: group ``reservoir``, only rows whose essential columns are finite, where they can be. What fresh gradients
            do not tell of a layer stands as 0 here, by which the layer counts as one without noise; :meth:`known` has
            it as it was recorded.
        settings: the root attribute ``reservoir``; empty where it is missing.
        names: of the groups of parameters.
        undefined: how many rows were set aside.
        recorded: the rows of ``data`` as they are in the record, where it leaves something unknown.
    """

    data: xr.Dataset
    settings: Mapping[str, Any]
    names: tuple[str, ...]
    undefined: int
    recorded: xr.Dataset | None = None

    @classmethod
    def of(cls, everything: xr.Dataset, attributes: Mapping[str, Any]) -> Bursts:
        """The bursts of a group ``reservoir``, with what the record's root attributes say of them."""
        keep = np.ones(everything.sizes["step"], dtype=bool)
        for name in ESSENTIAL:
            if name in everything:
                values = np.asarray(everything[name].values, dtype=float)
                finite = np.isfinite(values)
                # What is undefined throughout, as the temperature of a layer that Adam never moved, tells of no row.
                excused = _unknown(everything, name).reshape(finite.shape[:2] + (1,) * (finite.ndim - 2))
                keep &= (finite | excused | ~finite.any(0)).all(tuple(range(1, values.ndim)))
        settings = attributes.get("reservoir")
        settings = settings if isinstance(settings, Mapping) else {}
        recorded = everything.isel(step=keep)
        data = recorded.assign({name: recorded[name].fillna(0.0) for name in OF_FRESH if name in recorded})
        return cls(data, settings, _names(data, settings), int((~keep).sum()), recorded)

    @property
    def records(self) -> int:
        """How many bursts there are whose essential columns are finite."""
        return int(self.data.sizes["step"])

    @property
    def steps(self) -> np.ndarray:
        """The training step at which each burst began; shape (records,)."""
        return np.asarray(self.data["step"].values)

    @property
    def groups(self) -> int:
        """How many groups of parameters there are, layers as a rule."""
        return int(self.data.sizes["group"])

    @property
    def lags(self) -> np.ndarray:
        """Lags of the noise's covariance, training steps; shape (lags,)."""
        return np.asarray(self.data["lag"].values, dtype=int)

    @property
    def parameters(self) -> np.ndarray:
        """How many each group holds; 0 where the record does not say."""
        given = self.settings.get("parameters")
        if isinstance(given, Sequence) and len(given) == self.groups and all(isinstance(item, int) for item in given):
            return np.array(given, dtype=int)
        return np.zeros(self.groups, dtype=int)

    @property
    def weights(self) -> np.ndarray:
        """The weight of each group in sums over all parameters: how many it holds, 1 each where that is not known."""
        counts = self.parameters.astype(float)
        return counts if counts.all() else np.ones(self.groups)

    @property
    def sampled(self) -> np.ndarray:
        """How many of each group's parameters the shape of the noise was taken from; 0 where it is not known."""
        given = self.settings.get("sampled")
        if isinstance(given, Sequence) and len(given) == self.groups and all(isinstance(item, int) for item in given):
            return np.array(given, dtype=int)
        return np.minimum(self.parameters, SAMPLED)

    @property
    def batch_size(self) -> int:
        """Examples in a batch of the loop; 0 where the record does not say."""
        given = self.settings.get("batch_size")
        return given if isinstance(given, int) and given > 0 else 0

    @property
    def burst_steps(self) -> int:
        """Training steps of the shortest burst; 2, the fewest there can be, where the record does not say."""
        return int(np.asarray(self.data["burst_steps"].values).min()) if self.has("burst_steps") else 2

    @property
    def full_force(self) -> bool:
        """Whether the force is that of all training examples."""
        return self.settings.get("force") == "full"

    @property
    def late(self) -> slice:
        """The second half of the records, where training is nearest to stationary."""
        return slice(self.records // 2, self.records)

    @property
    def batches(self) -> int:
        """M, batches in an epoch of the training data; 0 where the record does not say."""
        examples = self.settings.get("examples")
        if not isinstance(examples, int) or not self.batch_size:
            return 0
        return examples // self.batch_size + (1 if self.settings.get("ragged") is True else 0)

    @property
    def replacement(self) -> bool:
        """Whether the loop is known to draw its batches with replacement."""
        return self.settings.get("replacement") is True

    @property
    def window(self) -> int:
        """Records over which windowed quantities run; 32 where the record does not say."""
        given = self.settings.get("window")
        return given if isinstance(given, int) and given > 0 else 32

    @property
    def even(self) -> slice:
        """Late records that lie equally far apart; what calibration and the close put off the rhythm is left out."""
        rows = self.late
        gaps = np.diff(self.steps[rows])
        if not len(gaps):
            return rows
        usual = np.median(gaps)
        first, last = rows.start, rows.stop
        while last - first > 1 and self.steps[last - 1] - self.steps[last - 2] != usual:
            last -= 1
        while last - first > 1 and self.steps[first + 1] - self.steps[first] != usual:
            first += 1
        return slice(first, last)

    def noisy(self, layer: int) -> np.ndarray:
        """The rows at which neither the fresh noise of a layer nor the loop's is exactly 0.

        Estimates of the loop's may come out below 0 by chance: that is noise, too.
        """
        moved = self.values("noise_variance")[:, layer] > 0
        if 0 in self.lags:
            moved &= self.values("noise_covariance")[:, layer, int(np.flatnonzero(self.lags == 0)[0])] != 0
        return np.flatnonzero(moved)

    @property
    def silent(self) -> bool:
        """Whether there is no noise at all: every batch holds all the data."""
        return self.records > 0 and not self.values("noise_variance").any()

    def too_few(self, fewest: int) -> str:
        """A sentence on why so few bursts tell nothing, and what to do."""
        return (
            f"The record holds {self.records} bursts and {fewest} are needed: train longer, or give the Reservoir "
            "measure a smaller every."
        )

    def has(self, *names: str) -> bool:
        """Whether the record lists all these columns, defined or not."""
        return all(name in self.data for name in names)

    def values(self, name: str) -> np.ndarray:
        """A column as float64; shape (records, groups, …), in its unit."""
        return np.asarray(self.data[name].values, dtype=float)

    def known(self, name: str) -> np.ndarray:
        """The same as it was recorded: NaN where it could not be told."""
        data = self.data if self.recorded is None else self.recorded
        return np.asarray(data[name].values, dtype=float)

    @property
    def unseen(self) -> list[int]:
        """The layers that move by gradients which fresh batches do not have."""
        if not self.has("unseen_parameters"):
            return []
        return np.flatnonzero(self.known("unseen_parameters").any(0)).tolist()

    @property
    def lawless(self) -> dict[int, str]:
        """The layers for whose optimiser no temperature is known, and why."""
        given = self.settings.get("temperature_unknown")
        reasons = list(given) if isinstance(given, Sequence) and not isinstance(given, str) else []
        return {layer: str(reason) for layer, reason in enumerate(reasons[: self.groups]) if reason}

    def without_temperature(self, otherwise: str) -> str:
        """Why no layer has a temperature: its optimiser, where that is the reason."""
        reasons = list(dict.fromkeys(self.lawless.values()))
        if not reasons or len(self.lawless) < self.groups:
            return otherwise
        return " ".join(f"{reason[:1].upper()}{reason[1:]}" for reason in reasons)

    def span(self, rows: slice = slice(None)) -> str:
        """The training steps that some rows cover, in words."""
        steps = self.steps[rows]
        return f"steps {steps[0]:,} to {steps[-1]:,}" if len(steps) else "nothing recorded"


def _unknown(data: xr.Dataset, name: str) -> np.ndarray:
    """Where a sound record leaves a column unknown, (records, groups): it moves by other gradients, or by no law."""
    unknown = np.zeros((data.sizes["step"], data.sizes["group"]), dtype=bool)
    if "unseen_parameters" in data:
        unknown |= np.asarray(data["unseen_parameters"].values, dtype=float) > 0
    if "temperature_share" in data and name not in OF_FRESH:
        unknown |= np.asarray(data["temperature_share"].values, dtype=float) == 0
    return unknown


def _names(data: xr.Dataset, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The groups' names: the coordinate's where it holds text, else the attribute's, else numbers."""
    values = data["group"].values
    if values.dtype.kind in "OUT":
        return tuple(map(_said, values))
    given = settings.get("groups")
    if isinstance(given, Sequence) and not isinstance(given, str) and len(given) == len(values):
        return tuple(map(_said, given))
    return tuple(f"group {value}" for value in values)


def _said(name: object) -> str:
    """A name as it reads in a sentence: modules of a sequence are called by numbers."""
    return f"layer {name}" if str(name).isdigit() else str(name)
