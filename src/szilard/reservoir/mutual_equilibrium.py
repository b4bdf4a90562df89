"""Are these groups of parameters in mutual equilibrium: one temperature, or several reservoirs (paper Section 6.2)?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from szilard.distributions import chi_square_tail
from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind
from szilard.reservoir.contrasts import Largest, largest_contrast


@dataclass(frozen=True, slots=True)
class MutualEquilibrium:
    """What several temperatures say of one another.

    Attributes:
        common: the temperature that all would share, the weighted geometric mean.
        statistic: of the logarithms' distances from it, over groups − 1; 1 on average if they share it.
        p_value: of one temperature.
        largest: the largest |ln(T_i/T_j)| with its simultaneous interval and the two groups.
        spread: standard deviation of ln T between groups, beyond what errors explain (DerSimonian and Laird's, squared
            and signed: negative where the groups are more alike than their errors).
    """

    common: Estimate
    statistic: float
    p_value: float
    largest: Largest
    spread: float


def mutual_equilibrium(temperatures: Sequence[Estimate], level: float = 0.95) -> MutualEquilibrium:
    """Whether independent group temperatures are one, by an analysis of variance of their logarithms.

    With known errors this is Cochran's Q; Alexander and Govern (J. Educ. Stat. 19, 91, 1994) allow for errors that are
    themselves estimated, and keep their size for many groups of few draws, where Welch's F does not.

    Args:
        temperatures: of the groups, positive, errors independent.
        level: of the interval.

    Raises:
        RecordError: with fewer than two groups, or a temperature that is not positive or has no error: a group that
            is not stationary has no temperature to be compared.

    Example:
        >>> cold, warm = Estimate(1.0, 0.1, Kind.UNBIASED), Estimate(3.0, 0.3, Kind.UNBIASED)
        >>> found = mutual_equilibrium([cold, cold, warm])
        >>> found.p_value < 1e-6, found.largest.where, found.largest.beyond(0.5)
        (True, (0, 2), True)
    """
    count = len(temperatures)
    if count < 2:
        raise RecordError(f"{count} group is in equilibrium with nothing: give two or more temperatures.")
    values = np.array([float(t.value) for t in temperatures])
    relative = np.array([float(t.error) for t in temperatures]) / np.where(values > 0, values, np.nan)
    degrees = np.array([t.degrees_of_freedom for t in temperatures])
    wrong = np.flatnonzero(~(np.isfinite(relative) & (relative > 0) & (degrees > 0)))
    if len(wrong):
        raise RecordError(
            f"groups {wrong.tolist()} have a temperature of {values[wrong].tolist()}, or no error to it: "
            "only positive temperatures with errors can be compared."
        )
    logs = np.log(values)
    statistic = _alexander_govern(logs, relative, degrees)
    weights = relative**-2
    mean = float(weights @ logs / weights.sum())
    common = float(np.exp(mean))
    heterogeneity = float(weights @ (logs - mean) ** 2)
    excess = (heterogeneity - (count - 1)) / (weights.sum() - (weights**2).sum() / weights.sum())
    return MutualEquilibrium(
        Estimate(common, common * float(weights.sum()) ** -0.5, Kind.HYPOTHESIS, float(degrees.min())),
        statistic / (count - 1),
        chi_square_tail(statistic, count - 1),
        largest_contrast(logs, relative, degrees, level),
        float(np.copysign(np.sqrt(abs(excess)), excess)),
    )


def _alexander_govern(means: np.ndarray, errors: np.ndarray, degrees: np.ndarray) -> float:
    """Σ z² of the distances from the weighted mean, each t made a normal z by Hill's transformation."""
    weights = errors**-2
    t = (means - weights @ means / weights.sum()) / errors
    known = np.isinf(degrees)
    finite = np.where(known, 1.0, degrees)
    a = finite - 0.5
    b = 48 * a**2
    c = np.sqrt(a * np.log1p(t**2 / finite))
    third = (c**3 + 3 * c) / b
    fifth = (4 * c**7 + 33 * c**5 + 240 * c**3 + 855 * c) / (10 * b**2 + 8 * b * c**4 + 1000 * b)
    return float(np.square(np.where(known, t, c + third - fifth)).sum())
