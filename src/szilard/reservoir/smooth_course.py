"""Whether a smooth course describes series as well as lines between breaks: power laws and decays bend, unbroken."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray

DEGREES = range(1, 13)


def smooth_cost(values: Float[ndarray, "times series"], steps: Float[ndarray, " times"], unit: float) -> float:
    """The least squared residuals of smooth courses plus ``unit`` for each coefficient.

    Of each series the best polynomial of up to the twelfth degree, along the steps or along their logarithm (from one
    interval before the first on), in which power laws are straight.

    Args:
        values: in units of their noise.
        steps: of the times, rising.
        unit: price of a coefficient.
    """
    since = steps - steps[0] + (steps[1] - steps[0])
    costs = np.full(values.shape[1], np.inf)
    for place in (since, np.log(since)):
        scaled = 2 * (place - place[0]) / np.ptp(place) - 1
        axes = np.linalg.qr(np.polynomial.chebyshev.chebvander(scaled, min(DEGREES[-1], len(steps) // 2)))[0]
        parts = np.square(axes.T @ values)
        for degree in DEGREES:
            residual = np.square(values).sum(0) - parts[: degree + 1].sum(0)
            costs = np.minimum(costs, residual + unit * (degree + 1))
    return float(costs.sum())


def broken_cost(residuals: Float[ndarray, "times series"], breaks: int, unit: float) -> float:
    """The same of lines between so many breaks: two coefficients a line, and the place of each break."""
    return float(np.square(residuals).sum() + unit * (2 * (breaks + 1) * residuals.shape[1] + breaks))
