"""Yaida's first fluctuation–dissipation relation as a ratio that is 1 at stationarity (arXiv:1810.00004, Eq. FDR1).

``⟨θ·∇U⟩ = ½ r ⟨‖g‖²⟩`` for SGD, and its like for momentum (:class:`Dynamics` has the table). The left side need not be
measured: along a path, ``‖θ'‖² − ‖θ‖² = −2 r θ·g + r² ‖g‖²`` adds up, so that only the two ends are needed. The ratio
of the sides is then exact for the steps taken, g being the loop's own gradient:

``fdr_ratio = 1 − Δ‖θ‖²/(r² Σ‖g‖²)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from szilard.errors import SpecError
from szilard.estimate import Estimate, Kind
from szilard.reservoir.dynamics import Dynamics


@dataclass(frozen=True, slots=True)
class Place:
    """Where the parameters of a group are at a moment, after an optimiser's step.

    Attributes:
        position_square: ‖θ‖², or ‖θ − a‖² for any fixed a (the relation holds about every centre).
        position_buffer: (θ − a)·v with torch's momentum buffer v; 0 without momentum.
        buffer_square: ‖v‖², needed by Nesterov alone.
    """

    position_square: float
    position_buffer: float = 0.0
    buffer_square: float = 0.0


def fdr_ratio(
    dynamics: Dynamics,
    start: Place,
    end: Place,
    steps: int,
    *,
    gradient_square: Estimate | float | None = None,
    buffer_square: Estimate | float | None = None,
) -> Estimate:
    """⟨θ·g⟩ over its value at stationarity, telescoped over ``steps`` steps of SGD at constant rate.

    ``⟨θ·g⟩ = K − [(1−β) Δ‖x‖²/(2 r k) − β Δ(x·v)/k]/(1−τ)`` with K the kinetic side; x = θ, for Nesterov
    ``x = θ + r β v`` (and terms of the ends of ‖v‖²).

    Args:
        dynamics: of kind "sgd", with any momentum. g includes what its weight decay adds.
        start, end: the parameters before the first and after the last of these steps.
        steps: k > 0.
        gradient_square: ⟨‖g‖²⟩, the mean over the steps (not per parameter), without momentum and for Nesterov.
        buffer_square: ⟨‖v‖²⟩, the mean over the buffers after each of these steps, with momentum.

    Returns:
        Kind ``exact`` (for the path) where the squares are floats, means over all steps; otherwise ``asymptotic``, with
        their errors carried through.

    Raises:
        SpecError: for Adam (see :func:`displacement_ratio`), without steps, or where a square is missing.

    Example:
        >>> sgd = Dynamics("sgd", 0.25)
        >>> fdr_ratio(sgd, Place(1.0), Place(0.75**2), steps=1, gradient_square=1.0).value  # θ = g = 1: 1/(½ r)
        8.0
    """
    if dynamics.adaptive:
        raise SpecError(f"this relation is that of SGD; for {dynamics.kind} take the ratio of displacements.")
    if steps < 1:
        raise SpecError(f"the relation needs a step between its two ends, not {steps}.")
    gradient, buffer = _estimate(gradient_square), _estimate(buffer_square)
    denominator = dynamics.kinetic(*(None if square is None else square.value for square in (gradient, buffer)))
    missing = _missing(dynamics, start, end) / (steps * dynamics.intake)
    value = 1 - missing / denominator
    # d ratio / d square = (weight · missing / denominator²)
    weights = (dynamics.gradient_weight, gradient), (dynamics.buffer_weight, buffer)
    used = [(weight, square) for weight, square in weights if weight and square is not None]
    error = sum((weight * square.error * missing / denominator**2) ** 2 for weight, square in used) ** 0.5
    exact = all(square.error == 0 for _, square in used)
    degrees = min(square.degrees_of_freedom for _, square in used)
    return Estimate(float(value), float(error), Kind.EXACT if exact else Kind.ASYMPTOTIC, degrees)


def displacement_ratio(start_square: float, end_square: float, displacements_square: float) -> Estimate:
    """``−2 Σ θ·Δθ/Σ‖Δθ‖² = 1 − Δ‖θ‖²/Σ‖Δθ‖²``: 1 at stationarity under any optimiser, Adam included.

    For plain SGD it is :func:`fdr_ratio`. Under momentum it says that steps and parameters are stationary, no more:
    it does not involve the gradient.

    Args:
        start_square, end_square: ‖θ‖² at both ends, about the origin or any fixed centre.
        displacements_square: Σ‖θ_{s+1} − θ_s‖² over every step between.

    Example:
        >>> displacement_ratio(1.0, 0.5625, 0.0625).value
        8.0
    """
    return Estimate(float(1 - (end_square - start_square) / displacements_square), 0.0, Kind.EXACT)


def _missing(dynamics: Dynamics, start: Place, end: Place) -> float:
    """(1−τ) Σ (kinetic − θ·g): what the ends say."""
    rate, momentum = dynamics.rate, dynamics.momentum
    if not dynamics.nesterov:
        squares = end.position_square - start.position_square
        products = end.position_buffer - start.position_buffer
        return (1 - momentum) * squares / (2 * rate) - momentum * products
    ahead = rate * momentum

    def square(place: Place) -> float:
        return place.position_square + 2 * ahead * place.position_buffer + ahead**2 * place.buffer_square

    buffers = end.buffer_square - start.buffer_square
    products = end.position_buffer - start.position_buffer + ahead * buffers
    # Σ v·g has an end of its own: β² (‖v_k‖² − ‖v_0‖²)/(2β).
    squares = square(end) - square(start)
    return (1 - momentum) * squares / (2 * rate) - momentum * products + ahead * momentum * buffers / 2


def _estimate(square: Any) -> Estimate | None:
    if square is None or isinstance(square, Estimate):
        return square
    return Estimate(float(square), 0.0, Kind.EXACT)
