"""About how long a run ``heat-capacity`` will take, from trying each width and batch size for a moment."""

from __future__ import annotations

import time

from szilard.ensemble.gradients.choice import make_gradients
from szilard.ensemble.trainer import Cohort
from szilard.studies.heat_capacity.engine.stationary import Onlooker, make_state_trainer
from szilard.studies.heat_capacity.spec import HeatCapacity, State
from szilard.training.training import Loss

_PATIENCE = 0.1
"""Seconds of training that are tried."""
_STEPS = 8
"""At a time."""


def seconds_of(spec: HeatCapacity, cohort: Cohort, loss: Loss) -> float:
    """Of all states, one after the other, on a machine that stays as busy as it is now."""
    tried: dict[tuple[int, int], tuple[float, float]] = {}
    total = 0.0
    for state in spec.states:
        kind = (state.width, state.batch)
        if kind not in tried:
            tried[kind] = _of_kind(spec, state, cohort, loss)
        step, look = tried[kind]
        total += step * spec.slow(state) * (spec.burn + spec.window) + look * spec.looks
    return total


def _of_kind(spec: HeatCapacity, state: State, cohort: Cohort, loss: Loss) -> tuple[float, float]:
    """Seconds of a step and of a look, all members together."""
    trainer = make_state_trainer(spec, state, cohort)
    trainer.advance(1)
    begin = time.perf_counter()
    while (spent := time.perf_counter() - begin) < _PATIENCE and trainer.step + _STEPS <= spec.burn + spec.window:
        trainer.advance(_STEPS)
    step = spent / max(trainer.step - 1, 1)
    gradients = make_gradients(spec.of_width(state.width).build(), loss, spec.loss is None)
    onlooker = Onlooker(gradients, cohort, state, spec.weight_decay)
    parameters = trainer.parameters()
    onlooker.take_from([parameters])
    begin = time.perf_counter()
    onlooker.look(parameters)
    return step, time.perf_counter() - begin
