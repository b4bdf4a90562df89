"""The reservoir at work on one loop: bursts at records, and their statistics at a flush."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any, final

import torch

from szilard.models.precision import Precision
from szilard.models.state.interrupts import uninterrupted
from szilard.models.state.random_state import RandomState, RandomStream
from szilard.monitor.measure import Occasion
from szilard.monitor.reservoir import schema
from szilard.monitor.reservoir.burst import Burst
from szilard.monitor.reservoir.hooks import GradientHook, StepCounter
from szilard.monitor.reservoir.noise import Batching
from szilard.monitor.reservoir.plan import BurstPlan
from szilard.monitor.reservoir.statistics import BurstStatistics
from szilard.monitor.reservoir.sums import BurstSums
from szilard.monitor.rows import Rows
from szilard.monitor.voice import Voice
from szilard.records.schema import Group

_FULL = 4
_PATIENCE = 20
"""Times a burst's length, after which a loop that never made a step of the optimiser is told so."""
_REHEARSED = 2


@final
class ReservoirRecorder:
    """Compares the loop's gradients with fresh ones over the steps that follow a record.

    Args:
        plan: of every burst.
        batching: of the loop.
        optimizer: of the loop; a hook hangs on it during bursts only.
        lags: of the noise's covariance, 0 first.
        window: records in the moving window.
        seed: of the fresh batches, and of the model's own random numbers on them.
        attributes: settings to be recorded.
    """

    share = 0.7
    """Share of its budget that bursts may take: they delay the loop by little more than their own time."""

    def __init__(
        self,
        plan: BurstPlan,
        batching: Batching,
        optimizer: torch.optim.Optimizer,
        lags: tuple[int, ...],
        window: int,
        seed: int,
        attributes: Mapping[str, Any],
    ) -> None:
        self._plan, self._batching, self._optimizer = plan, batching, optimizer
        self._lags, self._window = lags, window
        self._statistics = BurstStatistics(plan, batching, lags, window)
        self._generator = torch.Generator(plan.examples.home).manual_seed(seed)
        self._stream = RandomStream(RandomState.seeded(plan.device, seed + 1))
        self._burst: Burst | None = None
        self._hook = GradientHook(optimizer, self._take)
        self._heard = self._silent = 0
        self._centre: torch.Tensor | None = None
        self._waiting: list[tuple[Burst, BurstSums]] = []
        self._members = self._held()
        self._voice = Voice(quiet=True)
        self.attributes = dict(attributes)
        dtype = plan.tracked.parameters[0].dtype
        self.precision = Precision(str(dtype).removeprefix("torch."), torch.finfo(dtype).eps)
        self._counter = StepCounter(optimizer)  # last: from here on it hangs on the optimiser

    @property
    def groups(self) -> tuple[Group, ...]:
        """What its rows hold: the group ``reservoir``, a number for each group of parameters."""
        plan = self._plan
        directions = 0 if plan.directions is None else len(plan.directions)
        group = schema.reservoir_group(
            len(plan.tracked.groups),
            self._lags,
            directions,
            full=plan.full,
            per_example=plan.per_example > 0,
            diffusion_work=plan.forecast is not None,
        )
        return (group,)

    @property
    def least_every(self) -> int:
        """Training steps from one burst to the next, at least: they must not meet."""
        return self._plan.steps + 1

    @property
    def full(self) -> bool:
        """Whether several bursts wait to be accounted for."""
        return len(self._waiting) >= _FULL

    @property
    def following(self) -> bool:
        """Whether a burst is going on, so that it wants to hear of the next step."""
        return self._burst is not None

    def observe(self, occasion: Occasion) -> None:
        """A burst begins with the optimiser's next step; the model as a run left it has none."""
        if occasion.ragged or self._burst is not None or not self._plan.tracked.trained:
            return
        self._look_at_groups()
        self._burst = Burst(self._plan, occasion, self._generator, self._stream)
        self._heard = self._counter.now()[0]
        self._hook.hang()

    def follow(self, step: int) -> None:
        """A training step is done, with or without a step of the optimiser."""
        burst = self._burst
        if burst is None:
            return
        made, _ = self._counter.now()  # of several optimisers this one may be about to make the burst's first step
        if made == self._heard:
            burst.skipped += 1
            self._silent += 1
            self._complain_of_silence()
        self._heard = made
        if burst.done:
            gathered = burst.gather(self._centre)
            self._centre = gathered.centre
            self._waiting.append((burst, gathered))
            self._end_burst()

    def leave(self) -> None:
        """Ends a burst, finished or not, and counts no more."""
        self._end_burst()
        self._counter.remove()

    def _end_burst(self) -> None:
        self._hook.take_down()
        self._burst = None

    def rows(self) -> list[Rows]:
        """The rows of finished bursts; those in which a scaler's gradients overflowed are left out."""
        waiting, self._waiting = self._waiting, []
        steps, host = [], []
        for burst, gathered in waiting:
            if any(float(overflow) for overflow in burst.overflow):
                continue
            row = self._statistics.row(burst, gathered)
            if row is None:
                self._voice.warn_once(
                    "a fresh gradient or the loop's own was not finite though the model is, so that the bursts in "
                    "which that happens have no row: look for batches without a label that counts."
                )
                continue
            self._tell()
            steps.append(burst.occasion.step)
            host.append(row)
        if not steps:
            return []
        empty = torch.zeros((len(steps), 0), dtype=torch.float64)
        return [Rows("reservoir", steps, {}, empty, host, schema.UNDEFINED)]

    def _tell(self) -> None:
        """Warns of groups of which fresh gradients say nothing."""
        for group in self._statistics.known.unseen_groups:
            self._voice.warn_once(
                f"{group} moves by gradients that fresh batches do not have, so its noise and temperature are unknown: "
                "let loss_fn be the loop's whole loss, auxiliary terms included."
            )

    def finish(self) -> list[Rows]:
        """Nothing: a burst that the run's end cut off has no row."""
        return []

    def rehearse(self, clock: Callable[[], float]) -> float:
        """Two steps of a burst, and its statistics, by generators that serve nothing else."""
        generator = torch.Generator(self._plan.examples.home).manual_seed(0)
        stream = RandomStream(RandomState.seeded(self._plan.device, 0))
        begin = clock()
        burst = Burst(self._plan, Occasion(0, 0), generator, stream)
        burst.take(self._optimizer)
        started = clock()
        marks = [started]
        for _ in range(_REHEARSED):
            burst.take(self._optimizer)
            marks.append(clock())
        taken, step = marks[-1], min(after - before for before, after in itertools.pairwise(marks))
        gathered = burst.gather(None)
        BurstStatistics(self._plan, self._batching, self._lags[:2], self._window).row(burst, gathered)
        return started - begin + step * (self._plan.steps - 1) + clock() - taken

    def _take(self) -> None:
        if self._burst is not None and not self._burst.done:
            with uninterrupted():
                if self._burst.start is None:
                    self._burst.made = self._counter.now()
                try:
                    self._burst.take(self._optimizer)
                except BaseException:  # half a step: the next record begins another burst
                    self._end_burst()
                    raise
                self._silent = 0

    def _held(self) -> frozenset[int]:
        return frozenset(id(p) for group in self._optimizer.param_groups for p in group["params"])

    def _look_at_groups(self) -> None:
        """The optimiser may have been given other parameters since."""
        if (members := self._held()) == self._members:
            return
        tracked = {id(parameter) for parameter in self._plan.tracked.parameters}
        gone = tracked - members
        new = members - self._members
        self._members = members
        if new - tracked:
            self._voice.warn_once(
                "parameters that the optimiser was given after the record began are not measured: make a new "
                "monitor when all are there."
            )
        if gone:
            self._voice.warn_once("parameters that the optimiser no longer holds stay in their groups, at a rate of 0.")

    def _complain_of_silence(self) -> None:
        if self._silent >= _PATIENCE * self._plan.steps:
            self._voice.warn_once(
                "no step of the optimiser was seen, so nothing of the reservoir is recorded: give the monitor the "
                "optimiser whose step() the loop calls."
            )
