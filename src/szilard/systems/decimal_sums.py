"""The ledger of a path through enumerated distributions by plain sums in 40 decimal digits: no rounding to speak of."""

from __future__ import annotations

import decimal
import itertools
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal

_DIGITS = 40

_Point = tuple[Sequence[Decimal], Sequence[Decimal]]
"""φ and p of one point of a path."""


def ledger_of(table: Sequence[Sequence[float]]) -> Mapping[str, float]:
    """Work, heat, length and their kin, by record name, from φ of every outcome at every point of a path.

    φ is normalised here, so that it may be given up to a constant at each point. In nats; lengths in nat^½.
    """
    with decimal.localcontext(prec=_DIGITS):
        points = [_normalised(row) for row in table]
        steps = list(itertools.pairwise(points))
        work = sum((_divergence(before, after) for before, after in steps), Decimal(0))
        heat = sum((_heat(before, after) for before, after in steps), Decimal(0))
        energy = _mean(points[-1], points[-1])
        return {
            "energy": float(energy),
            "entropy_conditional": float(energy),
            "work": float(work),
            "heat": float(heat),
            "ep_conditional": float(energy - _mean(points[0], points[0]) - heat),
            "work_reverse": float(sum((_divergence(after, before) for before, after in steps), Decimal(0))),
            "length": math.fsum(_angle(before, after) for before, after in steps),
            "work_direct": float(_divergence(points[0], points[-1])),
            "length_direct": _angle(points[0], points[-1]),
            "fluctuation": 1.0,
        }


def _normalised(phi: Sequence[float]) -> _Point:
    exact = [Decimal(value) for value in phi]
    log_z = sum(((-value).exp() for value in exact), Decimal(0)).ln()
    shifted = [value + log_z for value in exact]
    return shifted, [(-value).exp() for value in shifted]


def _mean(of: _Point, under: _Point) -> Decimal:
    return sum((p * phi for p, phi in zip(under[1], of[0], strict=True)), Decimal(0))


def _divergence(before: _Point, after: _Point) -> Decimal:
    return _mean(after, before) - _mean(before, before)


def _heat(before: _Point, after: _Point) -> Decimal:
    return _mean(after, after) - _mean(after, before)


def _angle(before: _Point, after: _Point) -> float:
    overlap = sum(((p * q).sqrt() for p, q in zip(before[1], after[1], strict=True)), Decimal(0))
    return 4 * math.asin(math.sqrt(max(0.0, 0.5 * float(1 - overlap))))
