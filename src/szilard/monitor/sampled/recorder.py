"""The sampled ledger at work on one model: one set of samples at a time, renewed when its scouts are spent."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import torch
from torch import Tensor

from szilard.errors import SzilardWarning
from szilard.ledger import SlotSum
from szilard.models.evaluation import undisturbed
from szilard.models.ppm import PPM
from szilard.models.precision import Precision
from szilard.monitor.determinism import any_algorithm
from szilard.monitor.ledger.intervals import IntervalClock
from szilard.monitor.measure import Occasion
from szilard.monitor.rows import Rows
from szilard.monitor.sampled.combination import END, SLOTS, START, Combination
from szilard.monitor.sampled.family import Family, Segment, Standing
from szilard.monitor.sampled.sizes import Sizes
from szilard.records.schema import Group

_BATCH_RECORDS = 16
_WITHIN_REACH = 0.5
"""Effective share of scouts from which ``⟨e^{−d}⟩`` is believed: of a far jump hardly any sample carries it."""
_BY_WEIGHTS = ("work_reverse", "heat_stepwise")
"""Columns that a far jump's weights carry: what these have missed, the scatter of those seen does not tell."""
_ALARM = 6.0
"""Errors from 1 at which ``⟨e^{−d}⟩`` of a whole run is spoken of."""


@final
@dataclass(frozen=True, slots=True)
class _Begun:
    """A jump of a coarser interval under way, on the set of samples that it began on."""

    segment: Segment
    mark: Any


@final
class SampledRecorder:
    """Follows one set of samples from record to record, and keeps per-slot sums along the whole run.

    Slot i of the next set goes on with the sum of slot i, by a fresh and independent sample, so that slots stay
    independent and errors that correlate within a set come out right. The newest row is held back until the next one
    or the end, because the last may rest on more samples.

    Args:
        ppm: the model to watch.
        family: what its capability can do.
        sizes: numbers of samples.
        intervals: multiples of the measuring interval, the first 1.
        seed: of the samples; no other random number is used, and the run's own never.

    Raises:
        ModelError: if the model cannot be measured.
    """

    def __init__(self, ppm: PPM, family: Family, sizes: Sizes, intervals: tuple[int, ...], seed: int) -> None:
        self._ppm = ppm
        self._family = family
        self._sizes = sizes
        self._intervals = intervals
        self._generator = torch.Generator(device=ppm.device).manual_seed(seed)
        with undisturbed(ppm.module, ppm.device):
            family.check()
        self.precision: Precision = family.precision
        self._clock = IntervalClock(intervals)
        nothing = SlotSum.zero(sizes.slots, device=ppm.device)
        self._sums: dict[str, SlotSum] = dict.fromkeys(family.names, nothing)
        self._by_interval = [nothing] * len(intervals)
        self._floor = nothing.value
        self._excess = nothing
        self._segment: Segment | None = None
        self._direct: Segment | None = None
        self._direct_mark: Any = None
        self._begun: dict[int, _Begun] = {}
        self._origin: Mapping[str, SlotSum] | None = None
        self._start: dict[str, Combination] = {}
        self._judged = 0
        self._blind = False
        self._refreshes = 0
        self._drawn = 0
        self._records = 0
        self._waiting: list[Standing] = []

    @property
    def groups(self) -> tuple[Group, ...]:
        """The group ``ledger``."""
        return (self._family.group(self._intervals),)

    @property
    def attributes(self) -> dict[str, Any]:
        """What the record says of how it was sampled."""
        return {
            "kind_of_run": "sampled",
            "capability": self._family.capability,
            "family": type(self._ppm).__name__,
            "samples": self._sizes.slots,
            "scouts": self._sizes.scouts,
            "checkpoint_samples": self._sizes.checkpoint,
            **self._family.attributes,
        }

    @property
    def full(self) -> bool:
        """Whether a batch of rows waits."""
        return len(self._waiting) > _BATCH_RECORDS

    def observe(self, occasion: Occasion) -> None:
        """Evaluates the model at the set's samples, accounts for the jump, and renews the set if it is spent."""
        with any_algorithm():
            if self._segment is None:
                self._segment = self._begin()
                one = self._segment.state()["entropy_conditional"].value.new_ones(())
                fluctuation, effective, direct = SlotSum.zero(self._sizes.slots, device=one.device), one, None
                fluctuation, excess = SlotSum(one, fluctuation.influence), fluctuation
            else:
                step = self._segment.advance()
                for name, term in step.sums.items():
                    self._sums[name] = self._sums[name] + term
                self._floor = self._floor + 0.5 * self.precision.epsilon**2 * step.square
                fluctuation, excess, effective = step.fluctuation, step.excess, step.effective
                direct = self._jump_from_the_first()
            ended = self._end_jumps(occasion)
            share = float(effective)
            if share > _WITHIN_REACH:
                self._excess = self._excess + excess
                self._judged += 1
            else:
                self._blind = True
            if share < self._sizes.spent:  # not where it is NaN: nothing is drawn from a broken model
                self._segment = self._renew()
            for interval in ended:
                self._begun[interval] = _Begun(self._segment, self._segment.mark())
            self._stand(occasion, fluctuation, effective, direct)

    @any_algorithm()
    def rows(self) -> list[Rows]:
        """All but the newest; the first record at once."""
        keep = 0 if self._records == len(self._waiting) == 1 else 1
        ready, self._waiting = self._waiting[: len(self._waiting) - keep], self._waiting[-keep:] if keep else []
        return [self._table(ready)] if ready else []

    def finish(self) -> list[Rows]:
        """The last row, its entropy from many more fresh samples if the model still stands as it was recorded."""
        if not self._waiting:
            return []
        with undisturbed(self._ppm.module, self._ppm.device), any_algorithm():
            last = self._waiting[-1]
            if self._segment is not None and self._records > 1 and self._segment.unchanged():
                state = self._family.checkpoint(self._sizes.checkpoint, self._generator)
                self._drawn += self._sizes.checkpoint
                self._waiting[-1] = replace(
                    last,
                    state={name: Combination.of(END, part) for name, part in state.items()},
                    host={**last.host, "samples_drawn": self._drawn},
                )
            table = self._table(self._waiting)
        self._waiting = []
        self._judge()
        return [table]

    def rehearse(self, clock: Callable[[], float]) -> float:
        """A record that renews its set: what the dearest record costs, so that no budget is overrun.

        A set is renewed as the path gets longer, at every record where these lie far apart.
        """
        if self._segment is None or self._direct is None:
            return 0.0
        begin = clock()
        with any_algorithm():
            chance = torch.Generator(device=self._ppm.device).manual_seed(0)
            self._segment.rehearse()
            copy.copy(self._direct).look()
            self._family.draw(self._sizes.slots, self._sizes.scouts, chance)
            self._family.rehearse_beside()
        return clock() - begin

    def _judge(self) -> None:
        """Speaks up where the fluctuation theorem fails over the whole run."""
        off, error = float(self._excess.value), float(self._excess.error)
        if abs(off) > _ALARM * error and abs(off) > 1e-6 * self._judged:
            warnings.warn(
                f"⟨e^−d⟩ is {1 + off / self._judged:.4f} ± {error / self._judged:.4f} over {self._judged} records, "
                f"not 1: {type(self._ppm).__name__} is not normalised (look for a missing log-determinant or ln Z), or "
                "its samples are not of the density that it states.",
                SzilardWarning,
                stacklevel=4,
            )

    def _begin(self) -> Segment:
        """The first model: a set to follow, a set to keep for ever, and many samples for its entropy."""
        segment = self._renew()
        self._refreshes = 0
        self._direct = self._family.draw(self._sizes.direct, 0, self._generator, light=True)
        self._direct_mark = self._direct.mark()
        self._origin = segment.state()
        start = self._family.checkpoint(self._sizes.checkpoint, self._generator)
        self._start = {name: Combination.of(START, part) for name, part in start.items()}
        self._drawn += self._sizes.direct + self._sizes.checkpoint
        return segment

    def _renew(self) -> Segment:
        if self._segment is not None:
            self._segment.retire()
        self._refreshes += 1
        self._origin = None
        self._drawn += self._sizes.slots + self._sizes.scouts
        return self._family.draw(self._sizes.slots, self._sizes.scouts, self._generator)

    def _jump_from_the_first(self) -> SlotSum | None:
        if self._direct is None:
            return None
        self._direct.look()
        return SlotSum.mean(self._direct.since(self._direct_mark, near=self._refreshes == 0))

    def _end_jumps(self, occasion: Occasion) -> list[int]:
        """Adds up the jumps that end here, each on the set that it began on; which intervals begin anew."""
        plans = self._clock.advance(occasion, 0, 0)
        seen = {id(self._segment)}
        for plan in plans:
            begun = self._begun[plan.interval]
            if id(begun.segment) not in seen:
                begun.segment.look()
                seen.add(id(begun.segment))
            work = SlotSum.mean(begun.segment.since(begun.mark))
            self._by_interval[plan.interval] = self._by_interval[plan.interval] + work
        return list(range(len(self._intervals))) if occasion.opens_intervals else [plan.interval for plan in plans]

    def _stand(self, occasion: Occasion, fluctuation: SlotSum, effective: Tensor, direct: SlotSum | None) -> None:
        segment = self._segment
        assert segment is not None
        state = {name: Combination.of(SLOTS, part) for name, part in segment.state().items()}
        if self._origin is not None:  # still the first set: what it shares with the first model cancels
            for name, part in self._origin.items():
                state[name] = state[name] - Combination.of(SLOTS, part) + self._start[name]
        by_interval = SlotSum(
            torch.stack([part.value for part in self._by_interval]),
            torch.stack([part.influence for part in self._by_interval]),
        )
        if direct is None:
            direct = SlotSum.zero(self._sizes.direct, device=effective.device)
        more = {
            "fluctuation": Combination.of(SLOTS, fluctuation),
            "fluctuation_excess": Combination.of(SLOTS, self._excess),
            "work_direct": Combination.of("direct", direct),
            "work_by_interval": Combination.of(SLOTS, by_interval),
            **self._family.beside(),
        }
        host = {
            "interval": occasion.interval,
            "steps_by_interval": list(self._clock.steps),
            "jumps_by_interval": list(self._clock.jumps),
            "refreshes": self._refreshes,
            "samples_drawn": self._drawn,
        }
        plain = {"effective_sample_size": effective, "precision_floor": self._floor}
        self._records += 1
        self._waiting.append(
            Standing(occasion.step, host, dict(self._sums), state, self._start, more, plain, self._blind)
        )

    def _table(self, standing: list[Standing]) -> Rows:
        layout: dict[str, int | None] = {}
        lines = []
        for record in standing:
            columns = dict(record.plain)
            for name, combination in self._family.columns(record).items():
                value, error = combination.value, combination.error
                unknown = record.blind and name in _BY_WEIGHTS
                columns[name], columns[f"{name}_error"] = value, torch.full_like(error, torch.nan) if unknown else error
            layout = {name: len(value) if value.dim() else None for name, value in columns.items()}
            lines.append(torch.cat([value.reshape(-1) for value in columns.values()]))
        undefined = frozenset(f"{name}_error" for name in _BY_WEIGHTS)
        steps, host = [r.step for r in standing], [r.host for r in standing]
        return Rows("ledger", steps, layout, torch.stack(lines), host, undefined)
