"""Bands by which rise and fall may be said at any time, however often somebody looks.

A confidence interval of 95 % is right at one look that was settled beforehand. Whoever watches a run looks at every
record, at every quantity, and remembers what stands out: of many looks some are wrong. So the 5 % are shared out over
all looks that there will ever be. Record k (from 1) of each of n bands has the share

    0.05 / n · 1 / ((j + 1) (j + 2) 2^j),    j = floor(log2 k),

which sums to 0.05 over all k and all bands. As far as means over inputs are normal all bands of a record contain their
truths together with 95 %, by the union bound: at all times, and however records depend on one another. A rise is said
where a band lies above an earlier place of itself, which needs nothing more. Two bands that do not overlap are far more
than one that misses: where inputs are skewed, and bands of so many errors miss more often than they should, what is
said is still right (``tests/live/test_bands.py``).
"""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from szilard.live.thinning import Floats, Integers

LEVEL = 0.95
"""With which nothing wrong is ever said of a record."""
WIDEST = 40.0
"""Standard errors; what rests on too few of anything to be within them has no band."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Degrees of freedom that each record tells: one less than a column holds, or a number where that says nothing."""

    column: str
    otherwise: float = math.nan

    def of(self, values: NDArray[Any]) -> Floats:
        """Those of each record, from the column; NaN where nobody knows."""
        counted = np.asarray(values, dtype=float)
        return np.where(counted > 0, counted - 1, self.otherwise)


Freedom = float | Counted | None
"""Degrees of freedom of an error; None where nobody knows, or the errors are no mean's over independent draws."""


def freedom(error: Mapping[str, Any], attributes: Mapping[str, Any], columns: Container[str]) -> Freedom:
    """Degrees of freedom of a standard error, from what the record says that it means.

    Args:
        error: attributes of its column.
        attributes: of the record.
        columns: of its group.
    """
    meaning = str(error.get("error_meaning", ""))
    if "over the outermost clusters" in meaning:
        designed = _one_less(attributes.get("clusters"))
        return Counted("clusters_counted", designed or math.nan) if "clusters_counted" in columns else designed
    if meaning == "standard error over the steps of the burst":
        return Counted("burst_steps") if "burst_steps" in columns else None
    if "over probe inputs" in meaning:
        probe = attributes.get("probe")
        return _one_less(probe.get("inputs") if isinstance(probe, Mapping) else None)
    for what, name in (("independent samples", "samples"), ("independent chains", "chains"),
                       ("independent replicates", "islands")):  # fmt: skip
        if f"over {what}" in meaning:
            return _one_less(attributes.get(name))
    return None


def _one_less(count: Any) -> float | None:
    return float(count - 1) if isinstance(count, int) and count > 1 else None


def halves(errors: Floats, first: int, degrees: Floats | float, bands: int) -> Floats:
    """Half the width of bands that contain their truths together with :data:`LEVEL`.

    Args:
        errors: standard errors; shape ``(curves, records)``.
        first: how many records were before.
        degrees: of freedom, of all or of each record.
        bands: how many there are in the record.

    Returns:
        shape ``(curves, records)``; NaN where there is no error, or too little to rest on.
    """
    epochs = np.frexp(np.arange(first + 1, first + 1 + errors.shape[1], dtype=float))[1] - 1
    if isinstance(degrees, float):
        table = [factor(epoch, degrees, bands) for epoch in range(int(epochs[-1]) + 1)]
        return errors * np.array(table)[epochs]
    factors = [factor(epoch, each, bands) for epoch, each in zip(epochs.tolist(), degrees.tolist(), strict=True)]
    return errors * np.array(factors)


@lru_cache(maxsize=4096)
def factor(epoch: int, degrees: float, bands: int) -> float:
    """Standard errors to either side, for the records from 2^epoch on; NaN where more than :data:`WIDEST`."""
    from scipy.special import ndtri, stdtrit

    if not degrees > 0:
        return math.nan
    tail = (1 - LEVEL) / bands / ((epoch + 1) * (epoch + 2) * 2.0**epoch) / 2
    found = -float(ndtri(tail) if math.isinf(degrees) else stdtrit(degrees, tail))
    return found if found <= WIDEST else math.nan


class Changes:
    """What bands say of rise and fall, kept up as they grow; no record is looked at twice.

    Args:
        curves: how many.
    """

    def __init__(self, curves: int) -> None:
        shape = (curves,)
        self._curves = np.arange(curves)
        self._top = np.full(shape, math.inf)  # the least upper end so far
        self._bottom = np.full(shape, -math.inf)  # the greatest lower end
        self._low, self._high = np.full((2, *shape), math.nan)  # of the last record
        self._value = {key: np.full(shape, math.nan) for key in ("top", "bottom", "last")}
        self._step = {key: np.full(shape, -1, np.int64) for key in ("top", "bottom", "last")}

    def add(self, steps: Integers, values: Floats, half: Floats) -> None:
        """Takes further records: shapes ``(records,)``, ``(curves, records)`` twice."""
        if not len(steps):
            return
        known = np.isfinite(values) & np.isfinite(half)
        upper, lower = np.where(known, values + half, math.inf), np.where(known, values - half, -math.inf)
        at = self._curves
        for key, kept, sign, ends in (("top", self._top, 1, upper), ("bottom", self._bottom, -1, lower)):
            row = (sign * ends).argmin(axis=1)
            found = np.asarray(sign * ends[at, row] < sign * kept)
            kept[found] = ends[at, row][found]
            self._take(key, found, steps[row], values[at, row])
        row = known.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
        found = np.asarray(known.any(axis=1))
        self._low[found], self._high[found] = lower[at, row][found], upper[at, row][found]
        self._take("last", found, steps[row], values[at, row])

    def _take(self, key: str, found: NDArray[np.bool_], steps: Integers, values: Floats) -> None:
        self._step[key][found], self._value[key][found] = steps[found], values[found]

    def said(self, curve: int) -> dict[str, Any] | None:
        """What is certain of a curve by now, as JSON.

        Returns:
            ``rose`` and ``fell``: step and value since which it has, as the last band shows; None for what it has not.
            ``now``: step and value of that band. None without any band.
        """
        if self._step["last"][curve] < 0:
            return None
        rose, fell = self._low[curve] > self._top[curve], self._high[curve] < self._bottom[curve]
        return {
            "rose": self._place("top", curve) if rose else None,
            "fell": self._place("bottom", curve) if fell else None,
            "now": self._place("last", curve),
        }

    def _place(self, key: str, curve: int) -> list[float]:
        return [int(self._step[key][curve]), float(f"{self._value[key][curve]:.6g}")]
