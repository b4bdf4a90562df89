"""Whether the reservoir's own entropy production vanishes with the learning rate (§5's ideal reservoir)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from szilard.distributions import chi_square_tail
from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind


@dataclass(frozen=True)
class QuasiStatic:
    """How entropy production goes with the rate.

    Attributes:
        exponent: κ of ``Σ ∝ r^κ``; above 0 the production vanishes with r, at 0 it stays, below it grows.
        limit: Σ at r → 0 of a straight line through the points.
        misfit: χ² of the power law.
        degrees_of_freedom: of that χ²: points less two.
        p_value: of the power law; a small one says that no single exponent describes the points.
    """

    exponent: Estimate
    limit: Estimate
    misfit: float
    degrees_of_freedom: int
    p_value: float

    @property
    def vanishes(self) -> bool:
        """Whether the 95 % interval of the exponent lies above 0: Σ falls with r."""
        return bool(self.exponent.interval()[0] > 0)


def quasi_static(rates: Sequence[float], productions: Sequence[Estimate]) -> QuasiStatic:
    """Power law and straight line through Σ at several learning rates, weighted by their errors.

    The claim Σ_{Θ|B} → 0 needs to say what is kept while r falls. A minimum that moves a given way in a given number of
    steps at fixed temperature: Σ ∝ 1/r, it grows. A way in a given time n·r: Σ stays. Only where the protocol itself is
    slowed down beyond that does Σ vanish; and θ that relaxes from a start far from its stationary state produces
    KL(p_0‖p_∞) at any rate.

    Args:
        rates: r, three or more different ones.
        productions: Σ at each, with independent errors; all above 0. Exponent and limit have the fewest degrees of
            freedom of any.

    Raises:
        RecordError: for too few rates, or a production that cannot be on a logarithmic scale.

    Example:
        >>> rates = (0.1, 0.2, 0.4)
        >>> found = quasi_static(rates, [Estimate(3 * r, 0.01 * r, Kind.UNBIASED) for r in rates])
        >>> round(found.exponent.value, 6), abs(found.limit.value) < 1e-12, found.vanishes
        (1.0, True, True)
    """
    rates_array = np.asarray(rates, dtype=np.float64)
    values = np.array([float(each.value) for each in productions])
    errors = np.array([float(each.error) for each in productions])
    if len(values) != len(rates_array) or len(set(rates_array.tolist())) < 3:
        raise RecordError(
            f"{len(rates_array)} rates and {len(values)} productions: give a production at three or more."
        )
    if (rates_array <= 0).any() or not np.isfinite(rates_array).all():
        raise RecordError("a rate is not above 0: give rates above 0.")
    if (values <= 0).any() or (errors <= 0).any() or not np.isfinite(values + errors).all():
        raise RecordError(
            "a production, or its error, is not above 0 and has no place on a logarithmic scale: "
            "measure with more members, or leave out that rate."
        )
    slope, slope_error, _, _, misfit = _line(np.log(rates_array), np.log(values), errors / values)
    _, _, limit, limit_error, _ = _line(rates_array, values, errors)
    degrees, freedom = len(values) - 2, min(float(each.degrees_of_freedom) for each in productions)
    exponent = Estimate(slope, slope_error, Kind.ASYMPTOTIC, freedom)
    at_zero = Estimate(limit, limit_error, Kind.ASYMPTOTIC, freedom)
    return QuasiStatic(exponent, at_zero, misfit, degrees, _tail(misfit, degrees))


def _line(x: np.ndarray, y: np.ndarray, errors: np.ndarray) -> tuple[float, float, float, float, float]:
    """Slope, its error, intercept, its error and χ² of a weighted straight line."""
    weights = 1 / errors**2
    centre = float(weights @ x / weights.sum())
    spread = float(weights @ np.square(x - centre))
    slope = float(weights @ ((x - centre) * y)) / spread
    middle = float(weights @ y / weights.sum())
    intercept = middle - slope * centre
    intercept_error = math.sqrt(1 / float(weights.sum()) + centre**2 / spread)
    misfit = float(weights @ np.square(y - intercept - slope * x))
    return slope, 1 / math.sqrt(spread), intercept, intercept_error, misfit


def _tail(misfit: float, degrees: int) -> float:
    return chi_square_tail(misfit, degrees) if degrees else 1.0
