"""The least work that jumps over a statistical length can do: two speed limits."""

from __future__ import annotations

import math


def speed_limit(length: float, jumps: int) -> float:
    """Least symmetric work ``(W + W_rev)/2 ≥ 4n[1 − cos(L/2n)]`` of n jumps over length L, in nats.

    Tends to ``L²/2n`` and is reached on a geodesic at constant speed. Holds for any model.
    See docs/quantities/length-and-speed-limits.md.
    """
    return 8 * jumps * math.sin(length / (4 * jumps)) ** 2


def speed_limit_one_sided(length: float, jumps: int) -> float:
    """Least work ``W ≥ −2n ln cos(L/2n)`` of n jumps over length L, in nats; looser than :func:`speed_limit`.

    Each jump is at most π long, where the bound is infinite. See docs/quantities/length-and-speed-limits.md.
    """
    half = length / (2 * jumps)
    return math.inf if half >= math.pi / 2 else -2 * jumps * math.log(math.cos(half))
