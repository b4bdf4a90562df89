"""The largest of several effects, with an interval that allows for having looked at all of them (Bonferroni)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind


@dataclass(frozen=True, slots=True)
class Largest:
    """The largest absolute effect among several.

    Attributes:
        value: the largest absolute estimate; it lies too high by selection, its interval does not mind.
        low, high: at the stated level, the largest true absolute effect lies between; low is 0 where no effect can be
            told from zero.
        where: index of the effect, or of the two that were compared.
    """

    value: float
    low: float
    high: float
    where: tuple[int, ...]

    @property
    def interval(self) -> tuple[float, float]:
        """``low`` and ``high``."""
        return self.low, self.high

    def within(self, bound: float) -> bool:
        """Whether every effect surely lies inside ±bound."""
        return self.high <= bound

    def beyond(self, bound: float) -> bool:
        """Whether some effect surely lies outside of ±bound."""
        return self.low > bound


def largest_effect(
    values: Float[ndarray, " effects"],
    errors: Float[ndarray, " effects"],
    degrees: float | Float[ndarray, " effects"] = np.inf,
    level: float = 0.95,
) -> Largest:
    """The largest |effect| of several estimates, by simultaneous intervals ``value ± t(1 − α/2m)·error``.

    Raises:
        RecordError: without effects, or where one or its error is not finite.

    Example:
        >>> largest_effect(np.array([0.1, -0.5]), np.array([0.1, 0.1])).where
        (1,)
    """
    values, errors = np.asarray(values, dtype=np.float64), np.asarray(errors, dtype=np.float64)
    if not len(values) or not (np.isfinite(values).all() and np.isfinite(errors).all()):
        raise RecordError("effects and their errors must be there and finite to be compared: leave the others out.")
    single = 1 - (1 - level) / len(values)
    each = np.broadcast_to(np.asarray(degrees, dtype=np.float64), values.shape)
    half = np.array(
        [Estimate(0.0, e, Kind.UNBIASED, float(d)).interval(single)[1] for e, d in zip(errors, each, strict=True)]
    )
    at = int(np.argmax(np.abs(values)))
    low = max(float((np.abs(values) - half).max()), 0.0)
    return Largest(float(np.abs(values[at])), low, float((np.abs(values) + half).max()), (at,))


def largest_contrast(
    values: Float[ndarray, " groups"],
    errors: Float[ndarray, " groups"],
    degrees: float | Float[ndarray, " groups"] = np.inf,
    level: float = 0.95,
) -> Largest:
    """The largest difference between two of several independent estimates, by simultaneous intervals of all pairs.

    Each pair has Welch's degrees of freedom.

    Raises:
        RecordError: with fewer than two groups, or numbers that are not finite.
    """
    values, errors = np.asarray(values, dtype=np.float64), np.asarray(errors, dtype=np.float64)
    if len(values) < 2:
        raise RecordError(f"{len(values)} group has nothing to be compared with: give two or more.")
    each = np.broadcast_to(np.asarray(degrees, dtype=np.float64), values.shape)
    pairs = np.array(list(itertools.combinations(range(len(values)), 2)))
    first, second = pairs.T
    squares = errors**2
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = (squares[first] + squares[second]) ** 2 / (
            squares[first] ** 2 / each[first] + squares[second] ** 2 / each[second]
        )
    freedom = np.where(np.isnan(freedom), np.inf, freedom)
    found = largest_effect(values[first] - values[second], np.sqrt(squares[first] + squares[second]), freedom, level)
    i, j = pairs[found.where[0]]
    return Largest(found.value, found.low, found.high, (int(i), int(j)))
