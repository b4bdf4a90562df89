"""What it costs a client to be watched: trainings by turns, one watched and one not, timed after their first steps."""

from __future__ import annotations

import gc
import itertools
import math
import shutil
import statistics
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import scipy.stats
from loops.catalogue import Client
from loops.own_sums import OwnSums
from loops.task import mnist
from loops.trial import carry_out, variant
from watching import ProcessorTime

import szilard
from szilard.monitor import schedule, session
from szilard.monitor.calibration import SHARE_FOR_RECORDS
from szilard.records import keeper

SETTLED = 64
"""Batches of a training that are not timed: in them frameworks and records begin."""
SECONDS = 1.5
"""That are timed of each training, at the least."""
FIRST_STEPS = 200
"""Of the training that finds the interval."""


def overhead(client: Client, directory: Path, pairs: int) -> str:
    """Time of the watched over the unwatched training, with the 95 % interval over pairs, and the measuring interval.

    Args:
        client: what is timed.
        directory: for its variants and records.
        pairs: of trainings.
    """
    for module in (schedule, session, keeper):
        module.time = ProcessorTime
    modules = {kind: variant(client, kind, directory) for kind in ("unwatched", "watched")}
    every, step = _interval(modules["watched"], directory / "interval")
    steps = every * max(1, math.ceil(SECONDS / step / every))
    times: dict[str, list[float]] = {kind: [] for kind in modules}
    for number in range(pairs):
        for kind in _by_turns(list(modules), number):
            times[kind].append(_seconds(modules[kind], directory / "timed", every, steps))
    return f"{ratio(times['watched'], times['unwatched'])}, k = {every:,}, {1e3 * step:.2f} ms a step"


def ratio(watched: list[float], plain: list[float]) -> str:
    """The ratio of all pairs' times, with its 95 % interval (ratio estimator, Student's t)."""
    whole = sum(watched) / sum(plain)
    if len(plain) < 2:
        return f"{whole:.3f}"
    residuals = [a - whole * b for a, b in zip(watched, plain, strict=True)]
    error = statistics.stdev(residuals) / (len(plain) ** 0.5 * statistics.mean(plain))
    half = float(scipy.stats.t.ppf(0.975, len(plain) - 1)) * error
    return f"{whole:.3f} [{whole - half:.3f}, {whole + half:.3f}]"


def _by_turns(kinds: list[str], number: int) -> Iterator[str]:
    return itertools.chain(kinds) if number % 2 else reversed(kinds)


def _interval(module: ModuleType, out: Path) -> tuple[int, float]:
    """The measuring interval at which doubling ends, as the budget finds it, and the seconds of a step."""
    task = mnist(str(out), None, FIRST_STEPS)
    carry_out(module, task, OwnSums(task.probe))
    gc.collect()
    attributes = szilard.open(out).attributes
    timed = attributes["calibration"]
    share = timed["record_seconds"] / (SHARE_FOR_RECORDS * attributes["budget"] * timed["step_seconds"])
    return 2 ** max(0, math.ceil(math.log2(share))), timed["step_seconds"]


def _seconds(module: ModuleType, out: Path, every: int, steps: int) -> float:
    """Processor seconds of this many steps, after the first."""
    shutil.rmtree(out, ignore_errors=True)
    task = mnist(str(out), every, SETTLED + steps + 2)
    carry_out(module, task, OwnSums(task.probe))
    return task.examples.drawn[SETTLED + steps] - task.examples.drawn[SETTLED]
