"""Quantiles and tails of the normal, Student's t, chi-square, F and gamma distributions.

From ``scipy.special``, which ``scipy.stats`` calls for the same numbers: that package takes four times as long to load
as all else that reading a record needs.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray


def normal_tail(z: float) -> float:
    """The probability that a standard normal variable exceeds z."""
    from scipy.special import ndtr

    return float(ndtr(-z))


def student_quantiles(probability: float, degrees_of_freedom: ArrayLike) -> NDArray[np.float64]:
    """The t below which Student's variable lies with this probability, for each number of degrees of freedom.

    NaN where that is not positive; infinite degrees of freedom give the normal quantile.
    """
    from scipy.special import ndtri, stdtrit

    degrees = np.asarray(degrees_of_freedom, dtype=np.float64)
    found = stdtrit(np.where(degrees > 0, degrees, math.nan), probability)
    return np.asarray(np.where(np.isinf(degrees), ndtri(probability), found))


def student_quantile(probability: float, degrees_of_freedom: float) -> float:
    """:func:`student_quantiles` of one number of degrees of freedom.

    Example:
        >>> round(student_quantile(0.975, 3), 4)
        3.1824
    """
    return float(student_quantiles(probability, degrees_of_freedom))


def student_tail(t: float, degrees_of_freedom: float) -> float:
    """The probability that Student's variable exceeds t; normal where the degrees of freedom are infinite."""
    from scipy.special import stdtr

    return normal_tail(t) if math.isinf(degrees_of_freedom) else float(stdtr(degrees_of_freedom, -t))


def chi_square_tail(value: float, degrees_of_freedom: float) -> float:
    """The probability that a chi-square variable exceeds ``value``; 1 where that is not positive."""
    from scipy.special import chdtrc

    return float(chdtrc(degrees_of_freedom, np.maximum(value, 0.0)))


def chi_square_quantile(probability: float, degrees_of_freedom: float) -> float:
    """The value below which a chi-square variable lies with this probability."""
    return 2 * gamma_quantile(probability, degrees_of_freedom / 2)


def f_tail(value: float, numerator: float, denominator: float) -> float:
    """The probability that an F variable of these degrees of freedom exceeds ``value``; 1 where that is not positive.

    Example:
        >>> round(f_tail(4.0, 1, 60), 3)
        0.05
    """
    from scipy.special import fdtrc

    return float(fdtrc(numerator, denominator, np.maximum(value, 0.0)))


def gamma_quantile(probability: float, shape: float) -> float:
    """The value below which a gamma variable of this shape and scale 1 lies with this probability."""
    from scipy.special import gammaincinv

    return float(gammaincinv(shape, probability))
