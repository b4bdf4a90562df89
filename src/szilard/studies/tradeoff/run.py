"""Carries the run ``tradeoff`` out and writes its record."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, final

import numpy as np
import torch

from szilard.data import Dataset
from szilard.errors import ModelError
from szilard.information import Nesting
from szilard.records.schema import Group
from szilard.studies.life import Options, Row, Whole, carry_out_whole, seconds_each
from szilard.studies.resources import workers_of
from szilard.studies.tradeoff.engine.learning import Learning
from szilard.studies.tradeoff.engine.pixels import pixels_of
from szilard.studies.tradeoff.engine.rows import lag_rows_of, rows_of
from szilard.studies.tradeoff.engine.training import StateSeries, train_state
from szilard.studies.tradeoff.schema import tradeoff_groups
from szilard.studies.tradeoff.spec import State, TradeOff

_UPDATES = 2
"""That are tried, with each number of sampler steps, to tell how long a run will take."""


def carry_out(spec: TradeOff, dataset: Dataset, out: Path, options: Options) -> None:
    """Does everything, then writes the record: an interrupted run leaves none.

    Raises:
        SpecError, ModelError, RecordError: see :func:`szilard.run`.
    """
    carry_out_whole(LaggingTrainings(spec, dataset), dataset.name, out, options)


@final
class LaggingTrainings(Whole):
    """Ensembles with every pair of a number of updates and a number of sampler steps, side by side in threads."""

    def __init__(self, spec: TradeOff, dataset: Dataset) -> None:
        self.spec: TradeOff = spec
        self._pixels = pixels_of(spec, dataset)
        self._learning = Learning(self._pixels.examples, spec.hidden, spec.distance, spec.batch, spec.seed)
        self._nesting = Nesting.regular(datasets=spec.datasets, seeds=spec.seeds)
        self._workers = spec.workers or workers_of(spec.device)
        self._series: list[StateSeries] = []
        self.told = (
            f"{len(spec.states)} states of {self._nesting.members} trainings, {spec.updates[-1]:,} updates at most"
        )
        self.total = sum(state.updates for state in spec.states)
        self.unit = "updates"

    def seconds(self) -> float:
        tried: dict[tuple[int, int | None], float] = {}
        total = 0.0
        for state in self.spec.states:
            kind = (state.sampler_steps, state.chains)
            if kind not in tried:
                tried[kind] = self._seconds_of(State(_UPDATES, *kind)) / _UPDATES
            total += tried[kind] * state.updates
        return total / self._workers

    def _seconds_of(self, state: State) -> float:
        others = self.spec.others(state)
        return seconds_each(lambda: train_state(self._learning, state, others, (0,), lambda _: None))

    def measure(self, advance: Callable[[int], None]) -> None:
        spec, lock, stop = self.spec, threading.Lock(), threading.Event()

        def advance_all(updates: int) -> None:
            if stop.is_set():
                raise _Stopped
            with lock:
                advance(updates)

        def one(state: State) -> StateSeries:
            torch.set_num_threads(spec.threads)
            records = spec.records_of(state)
            return _checked(state, train_state(self._learning, state, spec.others(state), records, advance_all))

        self._series = _side_by_side(one, spec.states, self._workers, stop)

    def groups(self) -> tuple[Group, ...]:
        return tradeoff_groups(
            states=len(self._series),
            ways=len(self._ways()),
            members=self._nesting.members,
            datasets=self.spec.datasets,
            steps=self.spec.sampler_steps,
        )

    def attributes(self) -> dict[str, Any]:
        spec = self.spec
        return {
            "shape": list(spec.shape),
            "hidden": spec.hidden,
            "examples": spec.size,
            "datasets": spec.datasets,
            "seeds": spec.seeds,
            "distance": spec.distance,
            "states": [{**state._asdict(), "rate": spec.distance / state.updates} for state in spec.states],
            "baseline": {"name": "independent pixels", "cross_entropy": self._pixels.independent},
            "forward_precision": "float64",
        }

    def rows(self) -> Iterator[Row]:
        states = [rows_of(series, self._nesting, self._pixels.held_out) for series in self._series]
        ways = [lag_rows_of(series) for series in self._ways()]
        for number, step in enumerate(self.spec.steps):
            for group, columns in (("tradeoff", states), ("lag", ways)):
                row = {name: np.array([each[number][name] for each in columns]) for name in columns[0][0]}
                yield group, step, row

    def _ways(self) -> list[StateSeries]:
        """States whose way chains of every τ follow."""
        pairs = zip(self._series, self.spec.states, strict=True)
        return [series for series, state in pairs if self.spec.others(state)]


def _side_by_side(
    one: Callable[[State], StateSeries], states: tuple[State, ...], workers: int, stop: threading.Event
) -> list[StateSeries]:
    """In threads, the longest first: nothing within an operation waits for another core, and results do not depend on
    their number."""
    longest_first = sorted(states, key=lambda state: -state.compute)
    with ThreadPoolExecutor(workers) as pool:
        futures = {state: pool.submit(one, state) for state in longest_first}
        try:
            wait(futures.values(), return_when=FIRST_EXCEPTION)
            for future in futures.values():
                if future.done():
                    future.result()
            return [futures[state].result() for state in states]
        finally:
            stop.set()
            with contextlib.suppress(_Stopped):
                pool.shutdown(cancel_futures=True)


class _Stopped(Exception):
    """Ends a state when another has failed, or the run was interrupted."""


def _checked(state: State, series: StateSeries) -> StateSeries:
    if not all(bool(torch.isfinite(column).all()) for row in series.rows for column in row.values()):
        raise ModelError(
            f"training diverged with {state.updates} updates and {state.sampler_steps} sampler steps: give more "
            "updates, or a smaller distance."
        )
    return series
