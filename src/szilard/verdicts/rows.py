"""How a row of an audit is made: an identity or a test, and the arithmetic of its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from szilard.estimate import Estimate
from szilard.verdicts.bounds import FLOAT, LEVEL
from szilard.verdicts.finding import Basis, Concern, Finding, Interval, Part, judge, unchecked


def identity(
    name: str, claim: str, source: str, residual: np.ndarray, steps: np.ndarray, *, along: str = "", detail: str = ""
) -> Finding:
    """What holds by construction: the largest of ``residual`` (step, …), relative already, against :data:`FLOAT`.

    ``along`` is what the second dimension is ("member"), where the worst of it is to be named.
    A row in which everything is undefined (NaN) cannot be checked.
    """
    size = np.abs(residual)
    known = ~np.isnan(size)
    if not known.any():
        return unchecked(name, claim, source, "The record has no numbers to hold this against.", Concern.RECORD)
    worst = np.unravel_index(int(np.where(known, size, -1).argmax()), size.shape)
    largest = float(size[worst])
    where = f"worst at step {steps[worst[0]]:,}" + (f", {along} {worst[1]}" if along else "")
    return Finding(
        name=name,
        claim=claim,
        source=source,
        basis=Basis.CONSTRUCTION,
        concerns=Concern.RECORD,
        measure=f"largest relative residual of {int(known.sum())}",
        effect=largest,
        interval=(largest, largest),
        bound=(0.0, FLOAT),
        verdict=judge((largest, largest), (0.0, FLOAT)),
        where=where if largest > 0 else "whole run",
        detail=detail,
    )


def tested(
    name: str,
    claim: str,
    source: str,
    *,
    measure: str,
    effect: float,
    interval: Interval,
    bound: Interval,
    where: str,
    detail: str,
    concerns: Concern = Concern.THEORY,
    at_interval: bool = False,
    too_small_for: str = "",
    parts: tuple[Part, ...] = (),
) -> Finding:
    """What could have come out otherwise, judged by its interval alone."""
    return Finding(
        name=name,
        claim=claim,
        source=source,
        basis=Basis.TESTED,
        concerns=concerns,
        measure=measure,
        effect=float(effect),
        interval=(float(interval[0]), float(interval[1])),
        bound=bound,
        verdict=judge(interval, bound),
        where=where,
        detail=detail,
        at_interval=at_interval,
        too_small_for=too_small_for,
        parts=parts,
    )


def counted(name: str, claim: str, source: str, faults: float, detail: str, concerns: Concern) -> Finding:
    """Faults, of which none are allowed."""
    return tested(
        name,
        claim,
        source,
        measure="faults",
        effect=faults,
        interval=(faults, faults),
        bound=(0.0, 0.0),
        where="whole run",
        detail=detail,
        concerns=concerns,
    )


def ending(attributes: Mapping[str, Any], covered: str, span: str) -> tuple[str, str]:
    """How a run ended: its status, and a sentence."""
    status, step = str(attributes.get("status", "unknown")), attributes.get("broken_at_step")
    told = {
        "complete": f"The run was closed; {covered}.",
        "broken": f"The run broke at step {step}: {attributes.get('broken_because') or 'no reason given'}.",
    }
    return status, told.get(status, f"The run was not closed (status {status}): what follows speaks of {span} only.")


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
