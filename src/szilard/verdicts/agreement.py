"""Whether something that should be zero is: within its bound, and compatible with none at all."""

from __future__ import annotations

import math

from szilard.estimate import Estimate
from szilard.verdicts.finding import Interval, Verdict, judge

CERTAIN = 0.999
"""Level at which a difference that should be zero is called real, however small: seldom wrong over many audits."""


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
        more = max(2, math.ceil(((high - low) / (2 * bound)) ** 2))
        return verdict, interval, f" About {more} times as many samples would decide."
    return verdict, interval, ""
