"""Carries the run ``tradeoff`` out and writes its record."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from szilard.data import Dataset
from szilard.errors import ModelError
from szilard.information import Nesting
from szilard.records.provenance import provenance
from szilard.records.writer import RecordWriter
from szilard.studies.life import Options, say_how_long
from szilard.studies.progress import Progress
from szilard.studies.resources import own_threads, workers_of
from szilard.studies.tradeoff.duration import seconds_of
from szilard.studies.tradeoff.engine.carry import Seen, carry
from szilard.studies.tradeoff.engine.learning import Learning, State
from szilard.studies.tradeoff.engine.look import lag_rows_of, rows_of
from szilard.studies.tradeoff.engine.pixels import Pixels, pixels_of
from szilard.studies.tradeoff.schema import tradeoff_groups
from szilard.studies.tradeoff.spec import TradeOff


def carry_out(spec: TradeOff, dataset: Dataset, out: Path, options: Options) -> None:
    """Does everything, then writes the record: an interrupted run leaves none, and there is nothing to resume or keep.

    Raises:
        SpecError, ModelError, RecordError: see :func:`szilard.run`.
    """
    pixels = pixels_of(spec, dataset)
    learning = Learning(pixels.examples, spec.hidden, spec.distance, spec.batch, spec.seed)
    workers = spec.workers or workers_of(spec.device)
    with own_threads(spec.threads):
        if not options.quiet:
            members = spec.datasets * spec.seeds
            what = f"{len(spec.states)} states of {members} trainings, {spec.updates[-1]:,} updates at most"
            say_how_long(seconds_of(spec, learning, workers), what, resumable=False)
        seen = _measure(spec, learning, workers, options.quiet)
    nesting = Nesting.regular(datasets=spec.datasets, seeds=spec.seeds)
    rows = [rows_of(each, nesting, pixels.held_out) for each in seen]
    lags = [lag_rows_of(each) for each, state in zip(seen, spec.states, strict=True) if state.chains is None]
    groups = tradeoff_groups(
        states=len(seen), ways=len(lags), members=nesting.members, datasets=spec.datasets, steps=spec.sampler_steps
    )
    writer = RecordWriter(
        out, groups=groups, attributes=_attributes(spec, dataset, pixels), overwrite=options.overwrite
    )
    for number, step in enumerate(spec.steps):
        for group, columns in (("tradeoff", rows), ("lag", lags)):
            writer.append(
                group, step, {name: np.array([each[number][name] for each in columns]) for name in columns[0][0]}
            )
    writer.close()


def _measure(spec: TradeOff, learning: Learning, workers: int, quiet: bool) -> list[Seen]:
    """Every state, the longest first, so many at a time."""
    states = spec.states
    lock, stop = threading.Lock(), threading.Event()
    done = 0
    with Progress(f"{spec.name}: {len(states)} states", sum(state.updates for state in states), quiet) as progress:

        def advance(updates: int) -> None:
            nonlocal done
            if stop.is_set():
                raise _Stopped
            with lock:
                done += updates
                progress.update(done, "updates")

        def one(state: State) -> Seen:
            torch.set_num_threads(spec.threads)
            return _checked(state, carry(learning, state, spec.others(state), spec.records_of(state), advance))

        return _side_by_side(one, states, workers, stop)


def _side_by_side(
    one: Callable[[State], Seen], states: tuple[State, ...], workers: int, stop: threading.Event
) -> list[Seen]:
    """In threads: nothing within an operation waits for another core, and results do not depend on their number."""
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


def _checked(state: State, seen: Seen) -> Seen:
    if not all(bool(torch.isfinite(column).all()) for row in seen.rows for column in row.values()):
        raise ModelError(
            f"training diverged with {state.updates} updates and {state.sampler_steps} sampler steps: give more "
            "updates, or a smaller distance."
        )
    return seen


def _attributes(spec: TradeOff, dataset: Dataset, pixels: Pixels) -> dict[str, Any]:
    return {
        "kind_of_run": "tradeoff",
        "name": spec.name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": dataset.name,
        "shape": list(spec.shape),
        "hidden": spec.hidden,
        "examples": spec.size,
        "datasets": spec.datasets,
        "seeds": spec.seeds,
        "distance": spec.distance,
        "states": [
            {"updates": each.updates, "sampler_steps": each.sampler_steps, "chains": each.chains,
             "rate": spec.distance / each.updates}
            for each in spec.states
        ],
        "baseline": {"name": "independent pixels", "cross_entropy": pixels.independent},
        "forward_precision": "float64",
        "seed": spec.seed,
        "spec": spec.as_table(),
        "provenance": provenance(),
    }  # fmt: skip
