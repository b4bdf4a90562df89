"""The sampled ledger at work on one model: one set of samples at a time, renewed when its scouts are spent."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, final

import torch
from torch import Tensor

from szilard.ledger.slots import SlotSum
from szilard.models.evaluation import any_algorithm, undisturbed
from szilard.models.ppm import PPM
from szilard.models.precision import Precision
from szilard.monitor.measure import Occasion
from szilard.monitor.rows import Rows
from szilard.monitor.sampled.checks import NormalisationCheck
from szilard.monitor.sampled.family import END, SLOTS, START, Combination, Family, PendingRow
from szilard.monitor.sampled.sample_set import IntervalJumps, SampleSet, SampleSizes
from szilard.records.schema import Group

_BATCH_RECORDS = 16
_BY_WEIGHTS = ("work_reverse", "heat_stepwise")
"""Columns that a far jump's weights carry: what these have missed, the scatter of those seen does not tell."""


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

    def __init__(self, ppm: PPM, family: Family, sizes: SampleSizes, intervals: tuple[int, ...], seed: int) -> None:
        self._ppm = ppm
        self._family = family
        self._sizes = sizes
        self._intervals = intervals
        self._generator = torch.Generator(device=ppm.device).manual_seed(seed)
        with undisturbed(ppm.module, ppm.device):
            family.check()
        self.precision: Precision = family.precision
        nothing = SlotSum.zero(sizes.slots, device=ppm.device)
        self._sums: dict[str, SlotSum] = dict.fromkeys(family.names, nothing)
        self._jumps = IntervalJumps(intervals, nothing)
        self._floor = nothing.value
        self._normalisation = NormalisationCheck(nothing)
        self._sample_set: SampleSet | None = None
        self._direct: SampleSet | None = None
        self._direct_mark: Any = None
        self._origin: Mapping[str, SlotSum] | None = None
        self._start: dict[str, Combination] = {}
        self._refreshes = 0
        self._drawn = 0
        self._records = 0
        self._waiting: list[PendingRow] = []

    @property
    def groups(self) -> tuple[Group, ...]:
        """What its rows hold: the group ``ledger`` of the capability."""
        return (self._family.group(self._intervals),)

    @property
    def attributes(self) -> dict[str, Any]:
        """Entries for the record: the capability, and how many samples serve what."""
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
        """Whether a batch of rows waits beside the newest, which is held back."""
        return len(self._waiting) > _BATCH_RECORDS

    def observe(self, occasion: Occasion) -> None:
        """Evaluates the model at the set's samples, accounts for the jump, and renews the set if it is spent."""
        with any_algorithm():
            if self._sample_set is None:
                self._sample_set = self._begin()
                one = self._sample_set.state()["entropy_conditional"].value.new_ones(())
                fluctuation, effective, direct = SlotSum.zero(self._sizes.slots, device=one.device), one, None
                fluctuation, excess = SlotSum(one, fluctuation.influence), fluctuation
            else:
                step = self._sample_set.advance()
                for name, term in step.sums.items():
                    self._sums[name] = self._sums[name] + term
                self._floor = self._floor + 0.5 * self.precision.epsilon**2 * step.square
                fluctuation, excess, effective = step.fluctuation, step.excess, step.effective
                direct = self._jump_from_the_first()
            ended = self._jumps.end(occasion, self._sample_set)
            share = float(effective)
            self._normalisation.add(excess, share)
            if share < self._sizes.spent:  # not where it is NaN: nothing is drawn from a broken model
                self._sample_set = self._renew()
            self._jumps.begin(ended, self._sample_set)
            self._add_row(occasion, fluctuation, effective, direct)

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
            if self._sample_set is not None and self._records > 1 and self._sample_set.unchanged():
                state = self._family.checkpoint(self._sizes.checkpoint, self._generator)
                self._drawn += self._sizes.checkpoint
                self._waiting[-1] = replace(
                    last,
                    state={name: Combination.of(END, part) for name, part in state.items()},
                    host={**last.host, "samples_drawn": self._drawn},
                )
            table = self._table(self._waiting)
        self._waiting = []
        self._normalisation.judge(self._ppm)
        return [table]

    def rehearse(self, clock: Callable[[], float]) -> float:
        """A record that renews its set: what the dearest record costs, so that no budget is overrun.

        A set is renewed as the path gets longer, at every record where these lie far apart.
        """
        if self._sample_set is None or self._direct is None:
            return 0.0
        begin = clock()
        with any_algorithm():
            chance = torch.Generator(device=self._ppm.device).manual_seed(0)
            self._sample_set.rehearse()
            copy.copy(self._direct).look()
            self._family.draw(self._sizes.slots, self._sizes.scouts, chance)
            self._family.rehearse_further_columns()
        return clock() - begin

    def _begin(self) -> SampleSet:
        """The first model: a set to follow, a set to keep for ever, and many samples for its entropy."""
        sample_set = self._renew()
        self._refreshes = 0
        self._direct = self._family.draw(self._sizes.direct, 0, self._generator, light=True)
        self._direct_mark = self._direct.mark()
        self._origin = sample_set.state()
        start = self._family.checkpoint(self._sizes.checkpoint, self._generator)
        self._start = {name: Combination.of(START, part) for name, part in start.items()}
        self._drawn += self._sizes.direct + self._sizes.checkpoint
        return sample_set

    def _renew(self) -> SampleSet:
        if self._sample_set is not None:
            self._sample_set.retire()
        self._refreshes += 1
        self._origin = None
        self._drawn += self._sizes.slots + self._sizes.scouts
        return self._family.draw(self._sizes.slots, self._sizes.scouts, self._generator)

    def _jump_from_the_first(self) -> SlotSum | None:
        if self._direct is None:
            return None
        self._direct.look()
        return SlotSum.mean(self._direct.since(self._direct_mark, near=self._refreshes == 0))

    def _add_row(self, occasion: Occasion, fluctuation: SlotSum, effective: Tensor, direct: SlotSum | None) -> None:
        sample_set = self._sample_set
        assert sample_set is not None
        state = {name: Combination.of(SLOTS, part) for name, part in sample_set.state().items()}
        if self._origin is not None:  # still the first set: what it shares with the first model cancels
            for name, part in self._origin.items():
                state[name] = state[name] - Combination.of(SLOTS, part) + self._start[name]
        if direct is None:
            direct = SlotSum.zero(self._sizes.direct, device=effective.device)
        more = {
            "fluctuation": Combination.of(SLOTS, fluctuation),
            "fluctuation_excess": Combination.of(SLOTS, self._normalisation.excess),
            "work_direct": Combination.of("direct", direct),
            "work_by_interval": Combination.of(SLOTS, self._jumps.work),
            **self._family.further_columns(),
        }
        host = {
            "interval": occasion.interval,
            **self._jumps.host,
            "refreshes": self._refreshes,
            "samples_drawn": self._drawn,
        }
        plain = {"effective_sample_size": effective, "precision_floor": self._floor}
        self._records += 1
        self._waiting.append(
            PendingRow(
                occasion.step, host, dict(self._sums), state, self._start, more, plain, self._normalisation.blind
            )
        )

    def _table(self, pending: list[PendingRow]) -> Rows:
        layout: dict[str, int | None] = {}
        lines = []
        for record in pending:
            columns = dict(record.plain)
            for name, combination in self._family.columns(record).items():
                value, error = combination.value, combination.error
                unknown = record.blind and name in _BY_WEIGHTS
                columns[name], columns[f"{name}_error"] = value, torch.full_like(error, torch.nan) if unknown else error
            layout = {name: len(value) if value.dim() else None for name, value in columns.items()}
            lines.append(torch.cat([value.reshape(-1) for value in columns.values()]))
        undefined = frozenset(f"{name}_error" for name in _BY_WEIGHTS)
        steps, host = [r.step for r in pending], [r.host for r in pending]
        return Rows("ledger", steps, layout, torch.stack(lines), host, undefined)
