"""The median over replicates with an interval that assumes nothing of their distribution, infinite values included."""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import ArrayLike


def median(values: ArrayLike, level: float = 0.95) -> tuple[float, tuple[float, float]]:
    """The median and the narrowest pair of order statistics that holds it with probability ``level`` or more.

    With n independent replicates the k-th smallest and the k-th largest hold the true median with probability
    ``1 − 2 Σ_{i<k} C(n,i)/2ⁿ``. Six are the fewest that give 95 %.

    Args:
        values: of independent replicates.
        level: of the interval.

    Returns:
        The median, and the interval; its ends are NaN where there are too few replicates for the level, or one is
        undefined.

    Example:
        >>> median([3.0, 1.0, 2.0, float("inf"), 5.0, 4.0])
        (3.5, (1.0, inf))
        >>> median([1.0, 2.0, 3.0])
        (2.0, (nan, nan))
    """
    ordered = np.sort(np.asarray(values, dtype=float).ravel())
    count = len(ordered)
    if not count or np.isnan(ordered).any():
        return float("nan"), (float("nan"), float("nan"))
    middle = float(np.median(ordered))
    outside, depth = 0, 0
    while depth < count // 2 and 2 * (outside + comb(count, depth)) <= (1 - level) * 2**count:
        outside += comb(count, depth)
        depth += 1
    if not depth:
        return middle, (float("nan"), float("nan"))
    return middle, (float(ordered[depth - 1]), float(ordered[count - depth]))
