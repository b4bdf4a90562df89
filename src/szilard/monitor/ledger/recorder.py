"""The ledger at work on one model: takes in the probe's logits, and accounts for a batch of records at once."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.ledger.length import LengthSum
from szilard.models.evaluation import any_algorithm
from szilard.models.ppm import Enumerable
from szilard.models.precision import Precision, forward_precision
from szilard.models.tangent import logit_tangent, snapshot, update_since
from szilard.monitor.alteration import check_alike
from szilard.monitor.ledger.exact import Columns, Pool, Terms, exact_terms, join
from szilard.monitor.ledger.first_logits import first_logits, logits_of
from szilard.monitor.ledger.intervals import BatchPlan, IntervalClock
from szilard.monitor.ledger.path import IntervalSums, PathSums
from szilard.monitor.ledger.sampled import LabelDraw, SampledRoute, Uniform
from szilard.monitor.measure import Occasion
from szilard.monitor.rows import Rows
from szilard.records import schema

_BATCH_ELEMENTS = 2**17
_BATCH_RECORDS = 16


@final
@dataclass(frozen=True, slots=True)
class Observation:
    """What is kept of a model until it is accounted for: its logits on the probe, never the model itself."""

    occasion: Occasion
    logits: Float[Tensor, "inputs heads outcomes"]
    tangent: Float[Tensor, "inputs heads outcomes"] | None
    uniform: Uniform


@final
class LedgerRecorder:
    """Keeps logits of a few earlier models and the sums along the way.

    The pool's rows are: the models at which each measuring interval's present jump began, the first model, the
    previous record, and then the batch.

    Args:
        ppm: the model to watch.
        intervals: multiples of the measuring interval, the first 1.
        samples: trajectories per probe input on the sampled route.
        fisher: whether to add the Fisher quadratic form, which keeps a copy of the parameters.
        seed: of the sampled route.

    Raises:
        ModelError: if the logits are not finite.
    """

    doubling = True
    """Its interval may begin at 1 and double."""

    def __init__(self, ppm: Enumerable, intervals: tuple[int, ...], samples: int, fisher: bool, seed: int) -> None:
        self._ppm = ppm
        logits = first_logits(ppm)
        self.precision: Precision = forward_precision(ppm.module, logits)
        self._earlier = Pool.of([logits])[[0] * (len(intervals) + 2)]
        self._path = PathSums.zero(ppm.inputs, ppm.device)
        self._clock = IntervalClock(intervals)
        self._intervals = IntervalSums.zero(len(intervals), ppm.inputs, ppm.device)
        self._sampled = SampledRoute(ppm, samples, seed)
        self._entropy_start: Tensor | None = None
        self._theta = snapshot(ppm) if fisher else None
        self._waiting: list[Observation] = []
        self._batch = max(1, min(_BATCH_RECORDS, _BATCH_ELEMENTS // logits.numel()))

    @property
    def groups(self) -> tuple[schema.Group, ...]:
        """What its rows hold: the groups ``ledger`` and ``samples``."""
        variables: tuple[schema.Variable, ...] = (*schema.LEDGER, *schema.TRAINING)
        if self._theta is not None:
            variables += (schema.WORK_QUADRATIC,)
        if self._ppm.labels is not None:
            variables += schema.LABELLED
        path = {"path_interval": tuple(float(multiple) for multiple in self._clock.multiples)}
        bins = {"bin": tuple(float(number) for number in range(schema.HISTOGRAM_BINS))}
        return schema.Group("ledger", variables, path), schema.Group("samples", schema.SAMPLES, bins)

    @property
    def attributes(self) -> dict[str, Any]:
        """Entries for the record: measuring intervals, and samples per input of the sampled route."""
        return {"path_intervals": list(self._clock.multiples), "samples_per_input": self._sampled.samples}

    @property
    def full(self) -> bool:
        """Whether a batch waits: 16 records, fewer where probe × outcomes is large."""
        return len(self._waiting) >= self._batch

    def observe(self, occasion: Occasion) -> None:
        """One forward pass over the probe; with the Fisher form also the tangent along the update since last time.

        Raises:
            AlteredError: if the logits are of other outcomes, or another kind of number, than before.
        """
        logits = logits_of(self._ppm)
        check_alike(logits, self._earlier.logits[-1])
        tangent = self._tangent()
        if self._theta is not None:
            self._theta = snapshot(self._ppm)
        self._waiting.append(Observation(occasion, logits, tangent, self._sampled.uniform()))

    def forget(self) -> None:
        """Lets the waiting observations go."""
        self._waiting = []

    @any_algorithm()
    def rows(self) -> list[Rows]:
        """Exact sums and trajectories of the waiting observations, and their rows."""
        if not self._waiting:
            return []
        before = vars(self) | {"_clock": self._clock.twin(), "_sampled": self._sampled.twin()}
        waiting, self._waiting = self._waiting, []
        try:
            return [rows for batch in _of_one_interval(waiting) for rows in self._account(batch)]
        except BaseException:  # without memory, for instance: the next flush tries once more
            vars(self).update(before)
            raise

    def _account(self, batch: Sequence[Observation]) -> list[Rows]:
        """The rows of observations at one measuring interval."""
        count = len(batch)
        self._track(batch[0].occasion)
        plan = BatchPlan.of([observation.occasion for observation in batch], self._clock)
        pool = self._earlier.extended(Pool.of([observation.logits for observation in batch]))
        terms, draws = self._measure(batch, pool, plan)
        entropy = terms.state["entropy_conditional"]
        if self._entropy_start is None:
            self._entropy_start = entropy[0]
            terms.of_jump["precision_floor"][0] = 0  # no jump leads to the first model
        path = self._path.along(terms, count)
        ended = plan.jumps
        intervals = self._intervals.along(count, plan.plans, terms.work[ended], terms.heat[ended], terms.h[ended])
        self._path, self._intervals = path.last(), intervals.last()
        self._earlier = pool[[*self._clock.start, len(self._clock.tracked), len(pool) - 1]]
        self._clock.rebase()
        shown = intervals.chosen(self._clock.shown)
        ledger_rows = self._columns(terms, path, shown, self._entropy_start).rows("ledger", plan.steps, plan.host)
        sampled = self._sampled.advance(
            draws, plan.steps, path.sums["work"], path.sums["heat"], entropy, terms.excess_variance
        )
        return [ledger_rows, *sampled]

    def _track(self, occasion: Occasion) -> None:
        """Lays the pool and the sums out anew where the measuring interval has doubled, or no longer may."""
        first = len(self._clock.tracked)
        before = self._clock.follow(occasion)
        if before is not None:
            self._intervals = self._intervals.chosen(before)
            self._earlier = self._earlier[[*(first if at is None else at for at in before), first, first + 1]]

    def finish(self) -> list[Rows]:
        """The last row of the sampled route, unless it has been given."""
        return self._sampled.finish()

    def rehearse(self, clock: Callable[[], float]) -> float:
        """A forward pass and its share of a batch's accounts; a twin does the work, so nothing here moves."""
        begin = clock()
        logits, tangent = logits_of(self._ppm), self._tangent()
        observed = clock()
        twin = copy.copy(self)
        twin._clock, twin._sampled = self._clock.twin(), self._sampled.twin()
        uniform = self._sampled.no_chance()
        occasion = Occasion(0, 0, every=self._clock.every)
        twin._waiting = [Observation(occasion, logits, tangent, uniform)] * self._batch
        twin.rows()
        return observed - begin + (clock() - observed) / self._batch

    def _tangent(self) -> Tensor | None:
        """Tangent of the logits along the update since the previous record; None without the Fisher form."""
        if self._theta is None:
            return None
        direction = update_since(self._ppm, self._theta)
        return torch.cat([logit_tangent(self._ppm, chunk, direction) for chunk in self._ppm.chunks()])

    def _measure(self, batch: Sequence[Observation], pool: Pool, plan: BatchPlan) -> tuple[Terms, list[LabelDraw]]:
        parts: list[Terms] = []
        draws: list[LabelDraw] = []
        count = len(batch)
        for chunk in pool.chunks(len(pool) + len(plan.before)):
            phi = pool.phi(chunk)
            tangents = None
            if batch[0].tangent is not None:
                tangents = torch.stack([o.tangent[chunk] for o in batch if o.tangent is not None])
            labels = None if self._ppm.labels is None else self._ppm.labels[chunk]
            terms, p = exact_terms(
                phi,
                pool.normalised(chunk)[-count:],
                count,
                (plan.before, plan.after),
                epsilon=self.precision.epsilon,
                tangents=tangents,
                labels=labels,
            )
            parts.append(terms)
            draws.append(self._sampled.draw(chunk, phi[-count:], p, [observation.uniform for observation in batch]))
        return join(parts), draws

    def _columns(self, terms: Terms, path: PathSums, intervals: IntervalSums, entropy_start: Tensor) -> Columns:
        columns = Columns()
        entropy = terms.state["entropy_conditional"]
        for name, quantity in terms.state.items():
            (columns.add_share if name == "accuracy" else columns.add)(name, quantity)
        for name in ("work", "heat", "work_reverse", "length_mean"):
            columns.add(name, path.sums[name])
        columns.add("length", path.length)
        columns.add("length_rms", path.length_rms)
        columns.add("entropy_change", entropy - entropy_start)
        columns.add("ep_conditional", -path.sums["heat"] + entropy - entropy_start)
        columns.add("length_direct", LengthSum.joint(terms.h_direct))
        if "work_quadratic" in path.sums:
            columns.add("work_quadratic", path.sums["work_quadratic"])
        for name in ("work", "heat", "length"):
            columns.add(f"{name}_by_interval", getattr(intervals, name))
        columns.add_plain("precision_floor", path.sums["precision_floor"].mean(-1))
        return columns


def _of_one_interval(waiting: Sequence[Observation]) -> Iterator[list[Observation]]:
    """Batches of one measuring interval each; the first record after calibration stays with what came before it."""
    batch: list[Observation] = []
    for observation in waiting:
        occasion = observation.occasion
        if batch and occasion.every != batch[-1].occasion.every and not occasion.opens_intervals:
            yield batch
            batch = []
        batch.append(observation)
    if batch:
        yield batch
