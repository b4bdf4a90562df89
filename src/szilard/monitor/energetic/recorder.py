"""The ledger of an energy at work on one model: a reference in equilibrium, and chains that lag behind it."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, final

import torch
from torch import Tensor

from szilard.errors import SzilardWarning
from szilard.models.evaluation import ModelState, any_algorithm, state_of, undisturbed
from szilard.models.ppm import Energetic, known_normaliser
from szilard.models.precision import Precision, forward_precision
from szilard.monitor.energetic.chains import Chains, burnt_in, starts_exactly
from szilard.monitor.energetic.columns import PendingRow, ReferenceSums, columns_of
from szilard.monitor.energetic.dynamics import Reciprocity, RelaxationProfile, profile_schedule
from szilard.monitor.energetic.population import Population
from szilard.monitor.energetic.settings import EnergeticSettings, ReferenceSteps
from szilard.monitor.measure import Occasion
from szilard.monitor.rows import Rows, Value
from szilard.monitor.sampled.schema import LOG_NORMALISER, RELAXATION, ledger_group
from szilard.records.schema import Group

_BATCH_RECORDS = 16
_TRIALS = 3
"""Times that the reference's sampler steps are tried, before the first record."""
_PATIENCE = 5
"""Records in a row at which no chain has moved."""
_REMEDY = "chains diverge, or the energy is NaN: give the sampler a smaller step size, and look at weights and loss"


@final
class EnergeticRecorder:
    """Follows an energy from record to record with two sets of states, neither of which ever trains θ.

    The *reference* is a weighted population in equilibrium with each θ (:class:`Population`): it says what an ideal
    sampler would have cost, and how the free energy changes. The *lagging chains* (:class:`Chains`) relax for τ sampler
    steps a record: they say what this sampler costs. At the first record they stay where they begin.

    Args:
        ppm: the model to watch.
        settings: numbers of chains and particles, and how long they relax.
        seed: of both; no other random number is used, and the run's own never.

    Raises:
        ModelError: if energy or sampler are not what they must be.
    """

    def __init__(self, ppm: Energetic, settings: EnergeticSettings, seed: int) -> None:
        self._ppm = ppm
        self._settings = settings
        self._generator = torch.Generator(device=ppm.device).manual_seed(seed)
        with undisturbed(ppm.module, ppm.device):
            x, self._burn_in_drift = burnt_in(ppm, settings, self._generator, seed)
            self._log_normaliser = known_normaliser(ppm)
            self._chains = Chains.of(ppm, x[: settings.chains])
            self._reference = Population.of(ppm, x[settings.chains :], settings.islands)
            self._reference_steps = ReferenceSteps(
                settings.relaxation_steps, fixed=settings.reference_steps is not None
            )
            self._reciprocity = self._acquaint()
            self.precision: Precision = forward_precision(ppm.module, self._chains.energy)
        self._profile = RelaxationProfile.of(settings.sampler_steps)
        self._profile_schedule = profile_schedule()
        self._theta: ModelState = state_of(ppm.module)
        nothing = self._reference.energy.new_zeros(settings.islands)
        self._sums = ReferenceSums(nothing, nothing, nothing)
        self._energy_start: Tensor | None = None
        self._time = nothing.new_full((), math.nan)
        self._resamplings: Tensor = nothing.sum()
        self._steps = 0
        self._waiting: list[PendingRow] = []
        self._still = 0
        self._warned: set[str] = set()

    @property
    def groups(self) -> tuple[Group, ...]:
        """What its rows hold: the groups ``ledger`` and ``relaxation``."""
        more = () if self._log_normaliser is None else LOG_NORMALISER
        sub_steps = {"sub_step": tuple(map(float, self._profile.sub_steps))}
        return ledger_group("energetic", more), Group("relaxation", RELAXATION, sub_steps)

    @property
    def attributes(self) -> dict[str, Any]:
        """Entries for the record: its settings, and how the chains began."""
        settings = self._settings
        return {
            "kind_of_run": "sampled",
            "capability": "energetic",
            "sampler_steps": settings.sampler_steps,
            "chains": settings.chains,
            "islands": settings.islands,
            "particles": settings.particles,
            "reference_steps": self._reference_steps.steps,
            "burn_in": 0 if starts_exactly(self._ppm) else settings.burn_in,
            "starts_exactly": starts_exactly(self._ppm),
            "burn_in_drift": self._burn_in_drift,
        }

    @property
    def full(self) -> bool:
        """Whether a batch of records waits to be written."""
        return len(self._waiting) >= _BATCH_RECORDS

    @any_algorithm()
    def observe(self, occasion: Occasion) -> None:
        """Both sets of states to the present θ; but for records with a profile nothing waits for the device."""
        ppm, settings = self._ppm, self._settings
        first = self._energy_start is None
        reference, step = self._reference.step(
            ppm, self._theta, self._reference_steps.steps, self._reciprocity, self._generator
        )
        profiled = self._profile_schedule.due()
        stops = self._profile.within if profiled else (0, settings.sampler_steps)
        chains, within = self._chains.step(ppm, stops, self._generator)
        profile = None
        if profiled:
            _, beyond = chains.relaxed(ppm, self._profile.beyond, self._generator)
            profile = self._profile.joined(within, beyond)
            self._time = self._profile.autocorrelation_time(beyond)
        if self._energy_start is None:
            self._energy_start = step.energy
        self._reference, self._theta = reference, state_of(ppm.module)
        # at the first record copies relax, to show how they do: the chains themselves stay where they begin
        self._chains = replace(self._chains, acceptance=chains.acceptance, moved=chains.moved) if first else chains
        self._sums = self._sums if first else self._sums.and_of(step)
        self._steps += 0 if first else settings.sampler_steps
        self._resamplings = self._resamplings + step.resampled.sum()
        step = replace(step, resampled=self._resamplings.long())
        host: dict[str, Value] = {
            "interval": occasion.interval,
            "sampler_steps": self._steps,
            "reference_steps": self._reference_steps.steps,
        }
        if profiled:
            self._reference_steps.learn(float(step.memory))
        self._waiting.append(PendingRow(occasion, self._chains, step, self._sums, profile, self._time, host))

    @any_algorithm()
    def rows(self) -> list[Rows]:
        """The rows of what was observed since the last call, profiles in a table of their own."""
        batch, self._waiting = self._waiting, []
        if not batch:
            return []
        self._complain(batch)
        lines = [columns_of(pending, self._energy_start, self._log_normaliser) for pending in batch]
        table = torch.stack([torch.stack(list(line.values())) for line in lines])
        rows = [
            Rows(
                "ledger",
                [pending.occasion.step for pending in batch],
                dict.fromkeys(lines[0]),
                table,
                [pending.host for pending in batch],
                remedy=_REMEDY,
            )
        ]
        profiles = [(pending.occasion.step, pending.profile) for pending in batch if pending.profile is not None]
        if profiles:
            energies = torch.stack([profile for _, profile in profiles])
            count = energies.shape[-1]
            layout = dict.fromkeys(("relaxation", "relaxation_error"), energies.shape[1])
            values = torch.cat([energies.mean(-1), energies.std(-1) / math.sqrt(count)], dim=1)
            rows.append(Rows("relaxation", [step for step, _ in profiles], layout, values, remedy=_REMEDY))
        return rows

    def finish(self) -> list[Rows]:
        """No row, for none is held back until the run ends."""
        return []

    def rehearse(self, clock: Callable[[], float]) -> float:
        """A record without a profile; a twin does the work, so nothing here moves."""
        begin = clock()
        twin = copy.copy(self)
        twin._generator = torch.Generator(self._ppm.device)
        twin._generator.set_state(self._generator.get_state())
        twin._profile_schedule, twin._waiting, twin._warned = (
            profile_schedule(first=math.inf),
            [],
            {"a rehearsal warns of nothing"},
        )
        twin.observe(Occasion(0, 0))
        twin.rows()
        return clock() - begin

    def _acquaint(self) -> Reciprocity:
        """Where the sampler turns, and for how long it remembers: by copies of the chains, which stay."""
        chains = self._chains
        for _ in range(_TRIALS):
            after = self._ppm.relax(chains.x, self._reference_steps.steps, self._generator).x.detach()
            found = Reciprocity.sought(chains.x, after, self._generator)
            if not self._reference_steps.learn(
                float(found.memory(chains.x, chains.energy, after, self._ppm.energy(after), 1))
            ):
                break
        return found

    def _complain(self, batch: Sequence[PendingRow]) -> None:
        for pending in batch:
            if not bool(torch.isfinite(pending.chains.energy).all() & torch.isfinite(pending.step.energy).all()):
                return  # the run broke here, which is what will be said
            self._still = self._still + 1 if float(pending.chains.moved) == 0 else 0
            if self._still == _PATIENCE:
                self._warn(
                    f"the sampler does not move any more: at {_PATIENCE} records up to step "
                    f"{pending.occasion.step}, no chain was elsewhere after relaxing, and the lag is that of chains "
                    "that stand still. Give it a smaller step size."
                )

    def _warn(self, message: str) -> None:
        if not self._warned:
            warnings.warn(message, SzilardWarning, stacklevel=5)
        self._warned.add(message)
