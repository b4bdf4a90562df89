"""Intervals between irregularities of the loss: change points of series, so that quantities can be had per interval.

Change points minimise the squared residuals about a line in each interval plus a penalty for each point, over all
partitions (Jackson et al., IEEE Signal Process. Lett. 12, 105, 2005). Lines, not levels: a loss that falls steadily is
one regime.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import RecordError
from szilard.reservoir.smooth_course import broken_cost, smooth_cost

FEWEST = 8
"""The fewest times in a regime."""
STRIDE = 5
"""Times over which the noise's memory is measured."""
REACH = 4
"""Times on either side that a spike is compared with."""
LARGEST = 0.98
"""The largest coefficient that an AR(1) is given."""
PENALTY = 2.0
"""In units of (series + 1) ln n: false alarms in one of a hundred series of white noise (docs/reservoir-tests.md)."""


@dataclass(frozen=True, slots=True)
class Regimes:
    """Stretches of time without a break.

    Attributes:
        bounds: indices at which regimes begin, and the number of times: ``[bounds[i], bounds[i+1])`` is a regime.
        spikes: indices of single times that lie far from their regime.
        noise: standard deviation about the lines, per series.
    """

    bounds: tuple[int, ...]
    spikes: tuple[int, ...]
    noise: Float[ndarray, " series"]

    @property
    def slices(self) -> tuple[slice, ...]:
        """One slice of the series for each regime, in their order."""
        return tuple(slice(a, b) for a, b in zip(self.bounds, self.bounds[1:], strict=False))

    @property
    def breaks(self) -> tuple[int, ...]:
        """Where a new regime begins, the first left out."""
        return self.bounds[1:-1]


def regimes(
    series: Float[ndarray, "times ..."],
    steps: Float[ndarray, " times"] | None = None,
    *,
    penalty: float = PENALTY,
    fewest: int = FEWEST,
    smooth: bool = False,
) -> Regimes:
    """Regimes of one or several series together, e.g. ln loss and ln noise variance.

    Noise and its memory are measured by second differences over one and over five times, in which lines vanish; the
    penalty is multiplied by the autocorrelation time. Spikes are taken out first: times that lie more than six standard
    deviations above, or below, both the median of the four times before and of the four after.

    Args:
        series: shaped ``(times,)`` or ``(times, series)``; logarithms for positive quantities.
        steps: of the times, rising: lines run along them; equally spaced by default. Memory is counted in times.
        penalty: for each break, in units of (series + 1) ln n.
        fewest: times in a regime.
        smooth: whether series are one regime, too, where a smooth course (a polynomial of the steps or of their
            logarithm) describes them as well as lines between breaks; lines alone break every power law.

    Raises:
        RecordError: with fewer than two regimes' worth of times, numbers that are not finite, or steps that fall.

    Example:
        >>> x = np.random.default_rng(0).normal(size=300)
        >>> x[150:] += 5
        >>> x[40] = 30
        >>> found = regimes(x)
        >>> found.bounds, found.spikes
        ((0, 150, 300), (40,))
    """
    values = np.asarray(series, dtype=np.float64)
    values = values.reshape(len(values), -1)
    if len(values) < 2 * fewest:
        raise RecordError(f"regimes need at least {2 * fewest} times, not {len(values)}: record longer.")
    if not np.isfinite(values).all():
        raise RecordError("the series holds numbers that are not finite: look for regimes before them.")
    place = _places(steps, len(values))
    spikes = _spikes(values, _spread(values, place, 1) / math.sqrt(6))
    kept = np.delete(np.arange(len(values)), spikes)
    scale, tau = noise_of(values[kept], place[kept])
    unit = penalty * (values.shape[1] + 1) * math.log(len(values))
    breaks = _breaks(values[kept] / scale, place[kept], unit * tau, fewest)
    residuals = _residuals(values[kept], place[kept], breaks)
    if smooth and breaks:
        price = penalty * math.log(len(values)) * tau
        given = place[kept] if steps is None else np.asarray(steps, dtype=np.float64)[kept]
        if smooth_cost(values[kept] / scale, given, price) <= broken_cost(residuals / scale, len(breaks), price):
            breaks = []
            residuals = _residuals(values[kept], place[kept], breaks)
    bounds = (0, *(int(kept[b]) for b in breaks), len(values))
    return Regimes(bounds, tuple(int(s) for s in spikes), np.sqrt(np.square(residuals).mean(0)))


def _places(steps: Float[ndarray, " times"] | None, count: int) -> ndarray:
    """Where the times lie, around 0, in units of their mean distance."""
    given = np.arange(count) if steps is None else np.asarray(steps, dtype=np.float64)
    if given.shape != (count,) or not (np.diff(given) > 0).all():
        raise RecordError(f"{count} times need as many steps, each later than the one before.")
    return (given - given.mean()) * ((count - 1) / np.ptp(given))


def noise_of(values: ndarray, place: ndarray) -> tuple[ndarray, float]:
    """Standard deviation and autocorrelation time of AR(1) noise about smooth lines, robust to a few breaks.

    Second differences over k times have the variance ``2 σ² (1 − φ^k)(3 − φ^k)``; the ratio of those over one time and
    over five gives φ. The longest of the series' times counts.
    """
    near = _spread(values, place, 1)
    ratios = near**2 / _spread(values, place, STRIDE) ** 2
    coefficients = np.linspace(0, LARGEST, 491)
    far = coefficients**STRIDE
    falling = (1 - coefficients) * (3 - coefficients) / ((1 - far) * (3 - far))
    phi = np.interp(-ratios, -falling, coefficients)
    return near / np.sqrt(2 * (1 - phi) * (3 - phi)), float(((1 + phi) / (1 - phi)).max())


def _spread(values: ndarray, place: ndarray, stride: int) -> ndarray:
    """Robust standard deviation of second differences over ``stride`` times; of what is exact, its rounding.

    Where times are unequally spaced, of what lies off the line through the times on either side, in the same unit.
    """
    before, now, after = place[: -2 * stride], place[stride:-stride], place[2 * stride :]
    share = ((now - before) / (after - before))[:, None]
    off = share * values[2 * stride :] - values[stride:-stride] + (1 - share) * values[: -2 * stride]
    second = off * np.sqrt(6 / (1 + share**2 + (1 - share) ** 2))
    rounding = 64 * np.finfo(np.float64).eps * np.abs(values).max(0) + np.finfo(np.float64).tiny ** 0.5
    return np.maximum(np.median(np.abs(second), axis=0) / 0.6744897501960817, rounding)


def _spikes(values: ndarray, scale: ndarray) -> ndarray:
    """Times that lie beyond the medians of both the four before and the four after, on the same side."""
    shifted = np.lib.stride_tricks.sliding_window_view(values, REACH, axis=0)
    before, after = np.median(shifted, axis=-1)[: -REACH - 1], np.median(shifted, axis=-1)[REACH + 1 :]
    inner = values[REACH:-REACH]
    beyond = 6 * scale * math.sqrt(1 + math.pi / (2 * REACH))
    up = (inner - np.maximum(before, after) > beyond).any(1)
    down = (np.minimum(before, after) - inner > beyond).any(1)
    return REACH + np.flatnonzero(up | down)


def _breaks(values: ndarray, place: ndarray, penalty: float, fewest: int) -> list[int]:
    """Where the best partition into intervals has its bounds, by dynamic programming over ends (exact)."""
    values = values - values.mean(0)
    count = len(values)
    along = place[:, None]
    parts = np.concatenate([along, np.square(along), along * values, values, np.square(values)], axis=1)
    sums = np.concatenate([np.zeros((1, parts.shape[1])), parts.cumsum(0)])
    best = np.full(count + 1, np.inf)
    best[0] = -penalty
    previous = np.zeros(count + 1, dtype=int)
    for end in range(fewest, count + 1):
        starts = np.arange(end - fewest + 1)
        totals = best[starts] + _costs(sums, starts, end) + penalty
        previous[end] = int(np.argmin(totals))
        best[end] = totals[previous[end]]
    found, end = [], int(previous[count])
    while end > 0:
        found.append(end)
        end = int(previous[end])
    return found[::-1]


def _costs(sums: ndarray, starts: ndarray, end: int) -> ndarray:
    """Squared residuals about a line in each interval ``[start, end)``, summed over series, from running sums."""
    difference = sums[end] - sums[starts]
    length = (end - starts)[:, None].astype(np.float64)
    places, squares = difference[:, :1], difference[:, 1:2]
    along, total, square = np.split(difference[:, 2:], 3, axis=1)
    moment = along - total * places / length
    return (square - total**2 / length - moment**2 / (squares - places**2 / length)).sum(1)


def _residuals(values: ndarray, place: ndarray, breaks: list[int]) -> ndarray:
    """What is left of each interval after its line."""
    left = []
    for stretch, where in zip(np.split(values, breaks), np.split(place, breaks), strict=True):
        centred = where - where.mean()
        slope = centred @ stretch / (centred @ centred)
        left.append(stretch - stretch.mean(0) - centred[:, None] * slope)
    return np.concatenate(left)
