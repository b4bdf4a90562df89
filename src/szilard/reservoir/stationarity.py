"""Does the noise stay what it is: the drift of ln c along records, and its largest change between stretches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.distributions import student_tail
from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind
from szilard.reservoir.contrasts import Largest, largest_contrast
from szilard.reservoir.time_average import residual_time

STRETCHES = 4
"""Stretches that are compared with one another, of equal numbers of records."""
FEWEST = 3 * STRETCHES
"""The fewest records."""


@dataclass(frozen=True, slots=True)
class Stationarity:
    """Effects and test.

    Attributes:
        drift: ``ln c`` at the last record less that at the first, by the straight line through all; 0.69 is a doubling.
        p_value: of no drift.
        largest: the largest |Δ ln c| between two stretches, with its simultaneous interval and which they are: sees
            changes that a line does not.
    """

    drift: Estimate
    p_value: float
    largest: Largest


def stationarity(
    values: Float[ndarray, " records"], steps: Float[ndarray, " records"] | None = None, level: float = 0.95
) -> Stationarity:
    """Drift of the logarithm of a positive quantity along records.

    Errors come from the residuals about the line (for stretches: about a cubic), neighbours' likeness included by their
    autocorrelation time, so the errors of single records need not be known.

    Args:
        values: noise variances, or another positive quantity, at each record.
        steps: of the records; equally spaced by default.
        level: of the interval of ``largest``.

    Raises:
        RecordError: with fewer than twelve records, or values that are not positive.

    Example:
        >>> generator = np.random.default_rng(0)
        >>> c = np.geomspace(1, 2, 40) * generator.gamma(20, 1 / 20, size=40)  # doubles
        >>> found = stationarity(c)
        >>> print(found.drift, found.p_value < 0.001, found.largest.where)
        0.93 ± 0.13 (unbiased) True (0, 3)
    """
    logs = _logarithms(values)
    count = len(logs)
    place = np.arange(count, dtype=np.float64) if steps is None else np.asarray(steps, dtype=np.float64)
    if place.shape != logs.shape or np.ptp(place) == 0:
        raise RecordError(f"{count} values need as many steps, not all the same; {place.shape} were given.")
    drift = _drift(logs, place)
    error, degrees = scatter(logs, place)
    stretches = np.array_split(logs, STRETCHES)
    lengths = np.array([len(stretch) for stretch in stretches])
    means = np.array([stretch.mean() for stretch in stretches])
    largest = largest_contrast(means, error / np.sqrt(lengths), degrees, level)
    return Stationarity(drift, two_sided(drift), largest)


def two_sided(effect: Estimate) -> float:
    """The p-value of an effect of 0, by Student's t."""
    if effect.error == 0:
        return float(effect.value == 0)
    z = abs(effect.value) / effect.error
    return 2 * student_tail(z, effect.degrees_of_freedom)


def _drift(logs: ndarray, place: ndarray) -> Estimate:
    """Slope times span, by least squares; residuals' likeness in time makes its error √τ times larger."""
    count = len(logs)
    centred = place - place.mean()
    square = float(centred @ centred)
    slope = float(centred @ logs) / square
    residuals = logs - logs.mean() - slope * centred
    tau = residual_time(residuals, 2)
    variance = float(residuals @ residuals) / (count - 2) * tau / square
    span = float(np.ptp(place))
    degrees = max((count - 2) / (2 * tau - 1), 1.0)
    return Estimate(slope * span, span * variance**0.5, Kind.UNBIASED, degrees)


def scatter(logs: ndarray, place: ndarray) -> tuple[float, float]:
    """``σ √τ`` of single records about a smooth course (a cubic), and its degrees of freedom."""
    count, fitted = len(logs), 4
    course = np.polynomial.Polynomial.fit(place, logs, fitted - 1)
    residuals = logs - course(place)
    tau = residual_time(residuals, fitted)
    variance = float(residuals @ residuals) / (count - fitted) * tau
    return variance**0.5, max((count - fitted) / (2 * tau - 1), 1.0)


def _logarithms(values: ndarray) -> ndarray:
    values = np.asarray(values, dtype=np.float64).ravel()
    if len(values) < FEWEST:
        raise RecordError(f"stationarity needs at least {FEWEST} records, not {len(values)}: record longer.")
    if not (values > 0).all() or not np.isfinite(values).all():
        raise RecordError("stationarity is that of a positive quantity's logarithm: some values are not positive.")
    return np.log(values)
