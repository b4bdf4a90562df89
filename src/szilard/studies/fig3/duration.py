"""About how long a run ``fig3`` will take, from trying each batch size for a moment."""

from __future__ import annotations

import dataclasses
import time

from szilard.studies.fig3.engine.chunk import Lookout, make_chunk_trainer
from szilard.studies.fig3.engine.plan import NoisePlan
from szilard.studies.resources import own_threads

_PATIENCE = 0.4
"""Seconds of training that are tried."""
_STEPS = 8
"""At a time."""


def seconds_of(plan: NoisePlan) -> float:
    """Of the whole plan, all workers together, on a machine that stays as busy as it is now."""
    with own_threads(plan.threads):
        return sum(_of_batch(plan, batch) for batch in range(len(plan.batches))) / min(plan.workers, plan.chunks)


def _of_batch(plan: NoisePlan, batch: int) -> float:
    """Seconds of one worker: for the steps, the records, the gradients of correlations, and the whole passes."""
    number = next(number for number, part in enumerate(plan.parts) if part.batch == batch)
    chunk, schedule = dataclasses.replace(plan.make_chunk(number), full=0), plan.schedule
    trainer = make_chunk_trainer(chunk)
    lookout = Lookout(chunk, trainer)
    trainer.advance(1)
    begin = time.perf_counter()
    while (spent := time.perf_counter() - begin) < _PATIENCE:
        trainer.advance(_STEPS)
    step = spent / (trainer.step - 1)
    begin = time.perf_counter()
    lookout.columns()
    example = (time.perf_counter() - begin) / (len(chunk.order_seeds) * plan.examples)
    records, members = len(schedule.records), plan.trials[batch]
    gradients = sum(len(schedule.of_burst(start)) for start in schedule.starts)
    seen = members * (records * plan.examples + gradients * 2 * plan.fresh)
    seen += min(plan.watched, members) * records * len(plan.data.train_labels)
    return members / len(chunk.order_seeds) * step * schedule.records[-1] + example * seen
