"""Stationary parameters by one identity, whatever the optimiser, the order of the examples and the decay.

``‖θ + Δθ‖² = ‖θ‖² + 2 θ·Δθ + ‖Δθ‖²``: where ‖θ‖² does not change on average, ``⟨θ·Δθ⟩ = −½⟨‖Δθ‖²⟩``. Where epochs are
shuffled Δθ is that over whole epochs, within which θ remembers what is still to come.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind
from szilard.reservoir.regimes import noise_of
from szilard.reservoir.stationarity import FEWEST, scatter, two_sided

_FITTED = 4


@dataclass(frozen=True, slots=True)
class Balance:
    """Both sides of the identity.

    Attributes:
        ratio: ``−2⟨θ·Δθ⟩/⟨‖Δθ‖²⟩``: 1 at stationarity, above it while θ still moves towards the centre, below away.
        p_value: of 1, by the scatter of ‖θ‖² about a cubic and by that of its second differences, the smaller one
            doubled.
    """

    ratio: Estimate
    p_value: float


def displacement_balance(
    squares: Float[ndarray, " moments"], displacement: float, moments: Float[ndarray, " moments"] | None = None
) -> Balance:
    """The ratio from ‖θ‖² alone, by the straight line through its course: its two ends alone would be less sure.

    At nominal 5 % it rejects 3–8 % of plain SGD, and fewer with momentum or Adam, whose ‖θ‖² forgets slowly.
    It has power only beyond the relaxation time, 1/(r h) steps: a direction that has hardly begun to move is balanced
    by chance. While the rate is scheduled there is no stationary state. Sizes and powers: docs/sizes.md.

    Args:
        squares: ‖θ − a‖² about any fixed centre a (one that the path has no part in), summed over as many parameters
            as there are, at moments whole epochs apart; at any where examples are drawn with replacement.
        displacement: ⟨‖Δθ‖²⟩ of a unit of ``moments``, above 0.
        moments: when, rising; 0, 1, 2, … by default.

    Returns:
        Kind ``asymptotic``. Scatter and memory of ‖θ‖² are in the error, those about a smooth course (a cubic).

    Raises:
        RecordError: with fewer than twelve moments, numbers that are not finite, or without a displacement.

    Example:
        >>> generator = np.random.default_rng(0)
        >>> theta = generator.normal(size=(400, 50))  # independent draws: ‖Δθ‖² is 2 a parameter
        >>> found = displacement_balance(np.square(theta).sum(1), 100.0)
        >>> round(found.ratio.value, 2), found.p_value > 0.05
        (1.0, True)
    """
    values = np.asarray(squares, dtype=np.float64)
    place = np.arange(len(values), dtype=np.float64) if moments is None else np.asarray(moments, dtype=np.float64)
    if len(values) < FEWEST:
        raise RecordError(f"the balance needs at least {FEWEST} moments, not {len(values)}: record longer.")
    if place.shape != values.shape or not (np.diff(place) > 0).all() or not np.isfinite(values).all():
        raise RecordError("the balance needs finite squares, each at a later moment than the one before.")
    if not displacement > 0:
        raise RecordError(f"a mean squared displacement of {displacement:g} is no motion: there is nothing to balance.")
    centred = place - place.mean()
    square = float(centred @ centred)
    error, degrees = scatter(values, place)
    slope = Estimate(float(centred @ values) / square, error / square**0.5, Kind.ASYMPTOTIC, degrees)
    ratio = Estimate(1 - slope.value / displacement, slope.error / displacement, Kind.ASYMPTOTIC, degrees)
    # about a cubic fast transients look like slow fluctuations, by second differences they do not
    scale, time = noise_of(values[:, None], centred * ((len(place) - 1) / float(np.ptp(place))))
    local = Estimate(
        slope.value,
        float(scale[0]) * (time / square) ** 0.5,
        Kind.ASYMPTOTIC,
        max((len(place) - _FITTED) / (2 * time - 1), 1.0),
    )
    return Balance(ratio, min(1.0, 2 * min(two_sided(slope), two_sided(local))))
