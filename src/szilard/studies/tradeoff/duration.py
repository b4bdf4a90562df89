"""About how long a run ``tradeoff`` will take, from trying each number of sampler steps for a moment."""

from __future__ import annotations

import time

from szilard.studies.tradeoff.engine.carry import carry
from szilard.studies.tradeoff.engine.learning import Learning, State
from szilard.studies.tradeoff.spec import TradeOff

_UPDATES = 2
"""That are tried."""


def seconds_of(spec: TradeOff, learning: Learning, workers: int) -> float:
    """Of all states, so many at a time, on a machine that stays as busy as it is now."""
    tried: dict[tuple[int, int | None], float] = {}
    total = 0.0
    for state in spec.states:
        kind = (state.sampler_steps, state.chains)
        if kind not in tried:
            brief = State(_UPDATES, state.sampler_steps, state.chains)
            begin = time.perf_counter()
            carry(learning, brief, spec.others(state), (0,), lambda _: None)
            tried[kind] = (time.perf_counter() - begin) / _UPDATES
        total += tried[kind] * state.updates
    return total / workers
