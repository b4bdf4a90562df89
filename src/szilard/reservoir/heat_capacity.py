"""Heat capacity: how the mean loss answers to temperature, dU/dT, by a line through states at several temperatures.

A harmonic basin has ½ per parameter (equipartition), flat directions none: over-parameterisation shows in dU/dT.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from szilard.distributions import chi_square_tail
from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind


@dataclass(frozen=True, slots=True)
class HeatCapacity:
    """The line ``U = U_0 + C T`` through several stationary states.

    Attributes:
        capacity: C = dU/dT, a pure number (loss over loss); d/2 for d harmonic parameters.
        ground: U_0, the loss at no temperature.
        chi_square: Σ of squared distances in units of errors; about ``degrees`` where the line fits.
        degrees: states − 2.
        p_value: of the line, given the errors.
    """

    capacity: Estimate
    ground: Estimate
    chi_square: float
    degrees: int
    p_value: float


def heat_capacity(temperatures: Sequence[Estimate], energies: Sequence[Estimate]) -> HeatCapacity:
    """dU/dT by the line through (T_i, U_i), both with independent errors (York et al., Am. J. Phys. 72, 367, 2004).

    Errors follow from the given ones where the line fits, with the fewest of their degrees of freedom, and from the
    scatter about it where that is larger (χ² above states − 2), on states − 2.

    Args:
        temperatures: T_i with errors, of one group or of the whole; errors may be 0.
        energies: U_i with errors, of the same states.

    Raises:
        RecordError: with fewer than three states, temperatures all alike, or an energy and temperature both exact.

    Example:
        >>> t = [Estimate(x, 0.0, Kind.EXACT) for x in (1.0, 2.0, 3.0)]
        >>> u = [Estimate(5 * x + 0.25, 0.5, Kind.UNBIASED) for x in (1.0, 2.0, 3.0)]
        >>> print(heat_capacity(t, u).capacity)  # ten harmonic parameters
        5.00 ± 0.35 (asymptotic)
    """
    (x, ex), (y, ey) = _arrays(temperatures), _arrays(energies)
    count = len(x)
    if len(y) != count or count < 3:
        raise RecordError(
            f"a heat capacity needs three states or more, not {count} temperatures and {len(y)} energies."
        )
    if np.ptp(x) == 0 or not ((ex > 0) | (ey > 0)).all():
        raise RecordError("temperatures are all alike, or a state has no error at all: vary one, or state the other.")
    slope = _slope(x, y, ex, ey)
    weights = 1 / (ey**2 + slope**2 * ex**2)
    total = weights.sum()
    mean_x, mean_y = weights @ x / total, weights @ y / total
    # York's adjusted abscissae: where on the line each state most likely is.
    adjusted = mean_x + weights * ((x - mean_x) * ey**2 + slope * (y - mean_y) * ex**2)
    centre = weights @ adjusted / total
    error = float(weights @ (adjusted - centre) ** 2) ** -0.5
    ground = float(mean_y - slope * mean_x)
    ground_error = math.sqrt(1 / total + centre**2 * error**2)
    chi_square = float(weights @ (y - ground - slope * x) ** 2)
    degrees = count - 2
    freedom = min(estimate.degrees_of_freedom for estimate in (*temperatures, *energies))
    stretch = 1.0
    if chi_square > degrees:
        freedom, stretch = float(degrees), math.sqrt(chi_square / degrees)
    return HeatCapacity(
        Estimate(slope, error * stretch, Kind.ASYMPTOTIC, freedom),
        Estimate(ground, ground_error * stretch, Kind.ASYMPTOTIC, freedom),
        chi_square,
        degrees,
        chi_square_tail(chi_square, degrees),
    )


def equipartition_energy(temperature: Estimate, parameters: int) -> Estimate:
    """``½ d T``: the energy above its minimum that d harmonic parameters hold at their configurational temperature.

    ``½⟨(θ − θ̄)·∇U⟩`` of a group; beside it the loss's own rise says how harmonic the basin is. Kind ``hypothesis``.

    Example:
        >>> print(equipartition_energy(Estimate(0.5, 0.01, Kind.ASYMPTOTIC), 100))
        25.00 ± 0.50 (hypothesis)
    """
    scale = parameters / 2
    return Estimate(
        scale * temperature.value, scale * temperature.error, Kind.HYPOTHESIS, temperature.degrees_of_freedom
    )


def _slope(x: np.ndarray, y: np.ndarray, ex: np.ndarray, ey: np.ndarray) -> float:
    """York's slope by iteration from the least-squares line."""
    slope = float(np.polyfit(x, y, 1)[0])
    for _ in range(200):
        weights = 1 / (ey**2 + slope**2 * ex**2)
        total = weights.sum()
        u, v = x - weights @ x / total, y - weights @ y / total
        beta = weights * (u * ey**2 + slope * v * ex**2)
        new = float((weights * beta) @ v / ((weights * beta) @ u))
        if abs(new - slope) <= 1e-14 * abs(new):
            return new
        slope = new
    return slope


def _arrays(estimates: Sequence[Estimate]) -> tuple[np.ndarray, np.ndarray]:
    return (
        np.array([float(estimate.value) for estimate in estimates]),
        np.array([float(estimate.error) for estimate in estimates]),
    )
