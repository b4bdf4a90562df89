"""The arithmetic of intervals: of quotients and differences, of several at once, and of what should be zero."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from szilard.estimate import Estimate
from szilard.verdicts.bounds import LEVEL
from szilard.verdicts.finding import Interval, Verdict, judge

_MOST = 1e9
"""Times by which an interval may exceed its bound before counting samples makes no sense."""
CERTAIN = 0.999
"""Level at which a difference that should be zero is called real, however small: seldom wrong over many audits."""


def ratio(numerator: Estimate, denominator: Estimate, level: float = LEVEL) -> tuple[float, Interval]:
    """Numerator over denominator with every quotient that both intervals allow, whatever their correlation.

    Each is taken at level 1 − (1 − level)/2, so that both hold together at ``level``. Infinite where the denominator
    may be zero.
    """
    both = 1 - (1 - level) / 2
    above, below = numerator.interval(both), denominator.interval(both)
    value = numerator.value / denominator.value if denominator.value else math.nan
    if any(math.isnan(end) for end in (*above, *below)):
        return value, (math.nan, math.nan)
    if below[0] <= 0 <= below[1]:
        return value, (-math.inf, math.inf)
    quotients = [one / other for one in above for other in below]
    return value, (min(quotients), max(quotients))


def difference(one: Estimate, other: Estimate, scale: float = 1.0) -> tuple[float, Interval]:
    """``(one − other)/scale``, the errors added in quadrature.

    Estimates from the same runs mostly err alike, so the interval is rather too wide than too narrow.
    """
    freedom = float(np.minimum(one.degrees_of_freedom, other.degrees_of_freedom))
    gap = Estimate(one.value - other.value, math.hypot(one.error, other.error), one.kind, freedom)
    return scaled(gap, scale)


def scaled(estimate: Estimate, scale: float) -> tuple[float, Interval]:
    """Value and interval in units of ``scale``."""
    if not scale > 0:
        return math.nan, (math.nan, math.nan)
    low, high = estimate.interval(LEVEL)
    return estimate.value / scale, (low / scale, high / scale)


def level_of(records: int) -> float:
    """Of each interval where so many records are judged together, so that all hold at LEVEL (Bonferroni)."""
    return 1 - (1 - LEVEL) / max(records, 1)


def decisive(intervals: Sequence[Interval], bound: Interval) -> int:
    """Which of several intervals speaks for all: the clearest outside the bound, else the one that reaches farthest.

    Judged alone it has the verdict of all together: ``failed`` if one fails, ``held`` if all hold.
    """

    def outside(interval: Interval) -> float:
        return max(interval[0] - bound[1], bound[0] - interval[1])

    def reach(interval: Interval) -> float:
        return max(interval[1] - bound[1], bound[0] - interval[0])

    known = [index for index, interval in enumerate(intervals) if not math.isnan(interval[0])]
    if len(known) < len(intervals):
        known = known or [len(intervals) - 1]
    failed = [index for index in known if outside(intervals[index]) > 0]
    return max(failed or known, key=lambda index: outside(intervals[index]) if failed else reach(intervals[index]))


def agreement(effect: Estimate, bound: float, level: float) -> tuple[Verdict, Interval, str]:
    """Verdict, interval and a remark; held only where the effect is also compatible with none at all.

    Args:
        effect: relative to its scale.
        bound: its interval must lie within ±bound.
        level: of the interval.
    """
    interval = low, high = effect.interval(level)
    verdict = judge(interval, (-bound, bound))
    surely = effect.interval(CERTAIN)
    if verdict is not Verdict.FAILED and (surely[0] > 0 or surely[1] < 0):
        return Verdict.UNDECIDED, interval, " Small, yet not compatible with zero: one of the routes is biased."
    if verdict is Verdict.UNDECIDED and math.isfinite(high - low):
        more = max(2, math.ceil(min((high - low) / (2 * bound), _MOST) ** 2))
        return verdict, interval, f" About {more} times as many samples would decide."
    return verdict, interval, ""
