"""The ledger of an energy at work on one model: a reference in equilibrium, and chains that lag behind it."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard import ledger
from szilard.errors import ModelError, SzilardWarning
from szilard.estimate import Estimate, Kind
from szilard.models.evaluation import undisturbed
from szilard.models.held import State, state_of
from szilard.models.ppm import Energetic, known_normaliser
from szilard.models.precision import Precision, forward_precision
from szilard.monitor.determinism import any_algorithm
from szilard.monitor.energetic.chains import Chains
from szilard.monitor.energetic.checks import check_energy, check_sampler, started
from szilard.monitor.energetic.population import Population, Step
from szilard.monitor.energetic.profile import Profile, Sparsely
from szilard.monitor.energetic.reciprocity import Reciprocity
from szilard.monitor.energetic.settings import EnergeticSettings
from szilard.monitor.energetic.stride import Stride
from szilard.monitor.measure import Occasion
from szilard.monitor.rows import Rows, Value
from szilard.monitor.sampled.schema import LOG_NORMALISER, RELAXATION, ledger_group
from szilard.records.schema import Group

_BATCH_RECORDS = 16
_TRIALS = 3
"""Of the reference's sampler steps, before the first record."""
_TRIED = 64
"""Chains on which the sampler is tried."""
_PATIENCE = 5
"""Records in a row at which no chain has moved."""
_REMEDY = "chains diverge, or the energy is NaN: give the sampler a smaller step size, and look at weights and loss"
_DRIFT = 5.0
"""Errors by which the mean energy may still move over the second half of the burn-in."""


@final
@dataclass(frozen=True, slots=True)
class Sums:
    """What the reference has seen since the first record, island by island, in nats."""

    work: Float[Tensor, " islands"]
    heat: Float[Tensor, " islands"]
    free_energy: Float[Tensor, " islands"]

    def and_of(self, step: Step) -> Sums:
        """One step more."""
        return Sums(*(getattr(self, field.name) + getattr(step, field.name) for field in fields(self)))


@final
@dataclass(frozen=True, slots=True)
class Standing:
    """One record until it is written; all numbers still on the device."""

    occasion: Occasion
    chains: Chains
    step: Step
    sums: Sums
    profile: Float[Tensor, "sub_steps chains"] | None
    autocorrelation_time: Float[Tensor, ""]
    host: dict[str, Value]


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
        self._burn_in_drift = 0.0
        with undisturbed(ppm.module, ppm.device):
            x = self._start(seed)
            self._log_normaliser = known_normaliser(ppm)
            self._chains = Chains.of(ppm, x[: settings.chains])
            self._reference = Population.of(ppm, x[settings.chains :], settings.islands)
            self._stride = Stride(settings.relaxation_steps, fixed=settings.reference_steps is not None)
            self._reciprocity = self._acquaint()
            self.precision: Precision = forward_precision(ppm.module, self._chains.energy)
        self._profile = Profile.of(settings.sampler_steps)
        self._when = Sparsely()
        self._theta: State = state_of(ppm.module)
        nothing = self._reference.energy.new_zeros(settings.islands)
        self._sums = Sums(nothing, nothing, nothing)
        self._energy_start: Tensor | None = None
        self._time = nothing.new_full((), math.nan)
        self._resamplings: Tensor = nothing.sum()
        self._steps = 0
        self._waiting: list[Standing] = []
        self._still = 0
        self._warned: set[str] = set()

    @property
    def groups(self) -> tuple[Group, ...]:
        """The groups ``ledger`` and ``relaxation``."""
        more = () if self._log_normaliser is None else LOG_NORMALISER
        sub_steps = {"sub_step": tuple(map(float, self._profile.sub_steps))}
        return ledger_group("energetic", more), Group("relaxation", RELAXATION, sub_steps)

    @property
    def attributes(self) -> dict[str, Any]:
        """Its settings, and how the chains began."""
        settings = self._settings
        return {
            "kind_of_run": "sampled",
            "capability": "energetic",
            "sampler_steps": settings.sampler_steps,
            "chains": settings.chains,
            "islands": settings.islands,
            "particles": settings.particles,
            "reference_steps": self._stride.steps,
            "burn_in": 0 if self._exactly else settings.burn_in,
            "starts_exactly": self._exactly,
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
        reference, step = self._reference.step(ppm, self._theta, self._stride.steps, self._reciprocity, self._generator)
        profiled = self._when.due()
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
            "reference_steps": self._stride.steps,
        }
        if profiled:
            self._stride.learn(float(step.memory))
        self._waiting.append(Standing(occasion, self._chains, step, self._sums, profile, self._time, host))

    @any_algorithm()
    def rows(self) -> list[Rows]:
        """What was observed, as rows."""
        batch, self._waiting = self._waiting, []
        if not batch:
            return []
        self._complain(batch)
        lines = [self._columns(standing) for standing in batch]
        table = torch.stack([torch.stack(list(line.values())) for line in lines])
        rows = [
            Rows(
                "ledger",
                [standing.occasion.step for standing in batch],
                dict.fromkeys(lines[0]),
                table,
                [standing.host for standing in batch],
                remedy=_REMEDY,
            )
        ]
        profiles = [(standing.occasion.step, standing.profile) for standing in batch if standing.profile is not None]
        if profiles:
            energies = torch.stack([profile for _, profile in profiles])
            count = energies.shape[-1]
            layout = dict.fromkeys(("relaxation", "relaxation_error"), energies.shape[1])
            values = torch.cat([energies.mean(-1), energies.std(-1) / math.sqrt(count)], dim=1)
            rows.append(Rows("relaxation", [step for step, _ in profiles], layout, values, remedy=_REMEDY))
        return rows

    def finish(self) -> list[Rows]:
        """Nothing is owed."""
        return []

    def rehearse(self, clock: Callable[[], float]) -> float:
        """A record without a profile; a twin does the work, so nothing here moves."""
        begin = clock()
        twin = copy.copy(self)
        twin._generator = torch.Generator(self._ppm.device)
        twin._generator.set_state(self._generator.get_state())
        twin._when, twin._waiting, twin._warned = Sparsely(math.inf), [], {"a rehearsal warns of nothing"}
        twin.observe(Occasion(0, 0))
        twin.rows()
        return clock() - begin

    @property
    def _exactly(self) -> bool:
        return bool(getattr(self._ppm, "starts_exactly", False))

    def _start(self, seed: int) -> Tensor:
        """States of the first model, after what must hold of energy and sampler has been seen to."""
        settings, ppm = self._settings, self._ppm
        x = started(ppm, settings.chains + settings.islands * settings.particles, self._generator)
        check_energy(ppm, x)
        check_sampler(ppm, x[:_TRIED].clone(), settings.sampler_steps, seed)
        if self._exactly or settings.burn_in == 0:
            return x
        half = ppm.relax(x, settings.burn_in - settings.burn_in // 2, self._generator).x.detach()
        x = ppm.relax(half, settings.burn_in // 2, self._generator).x.detach() if settings.burn_in > 1 else half
        drift = ppm.energy(x) - ppm.energy(half)
        if not bool(torch.isfinite(drift).all()):
            raise ModelError(
                f"chains diverge within a burn-in of {settings.burn_in} sampler steps: give the sampler a smaller step "
                "size, or an energy that grows far out."
            )
        spread = float(drift.std()) / math.sqrt(len(drift))
        self._burn_in_drift = float(drift.mean()) / spread if spread > 0 else 0.0
        if abs(self._burn_in_drift) > _DRIFT:
            warnings.warn(
                f"energies still drift at the end of the burn-in ({float(drift.mean()):.2g} nat over its second half, "
                f"{abs(self._burn_in_drift):.0f} errors), so chains do not begin in equilibrium and free energies are "
                "off: raise burn_in, or give a start that is exact.",
                SzilardWarning,
                stacklevel=2,
            )
        return x

    def _acquaint(self) -> Reciprocity:
        """Where the sampler turns, and for how long it remembers: by copies of the chains, which stay."""
        chains = self._chains
        for _ in range(_TRIALS):
            after = self._ppm.relax(chains.x, self._stride.steps, self._generator).x.detach()
            found = Reciprocity.sought(chains.x, after, self._generator)
            if not self._stride.learn(float(found.memory(chains.x, chains.energy, after, self._ppm.energy(after), 1))):
                break
        return found

    def _columns(self, standing: Standing) -> dict[str, Tensor]:
        chains, step, sums = standing.chains, standing.step, standing.sums
        start = step.energy if self._energy_start is None else self._energy_start
        # two routes to the same heat: by the energies at both ends, or step by step
        heat = ledger.joined(step.energy - start - sums.free_energy - sums.work, sums.heat)
        equilibrium = {
            "energy": step.energy,
            "work": sums.work,
            "heat_stepwise": sums.heat,
            "free_energy_change": sums.free_energy,
            "ep_conditional": sums.work,
            "fluctuation": step.fluctuation,
            "detailed_balance": step.asymmetry,
        }
        if self._log_normaliser is not None:
            equilibrium["log_normaliser"] = self._log_normaliser[0] - sums.free_energy
            equilibrium["entropy_conditional"] = step.energy + equilibrium["log_normaliser"]
        estimates = {name: ledger.over_replicates(values) for name, values in equilibrium.items()}
        if self._log_normaliser is not None:  # islands share the error of the first ln Z
            shared = step.energy.new_tensor(self._log_normaliser[1])
            for name in ("log_normaliser", "entropy_conditional"):
                estimates[name] = replace(estimates[name], error=torch.hypot(estimates[name].error, shared))
        estimates |= {"heat": ledger.over_joined(heat), "entropy_change": ledger.over_joined(heat + sums.work)}
        done = chains.work + chains.shadow
        lagging = {
            "energy_lagged": chains.energy,
            "work_lagged": chains.work,
            "heat_lagged": chains.heat,
            "work_shadow": chains.shadow,
            "acceptance": chains.acceptance,
        }
        estimates |= {name: ledger.over_replicates(values) for name, values in lagging.items()}
        free_energy, dissipating = estimates["free_energy_change"], ledger.over_replicates(done)
        estimates["work_dissipated"] = _less(dissipating, free_energy)
        estimates["lag_work"] = _less(dissipating, ledger.over_replicates(sums.work + sums.free_energy))
        estimates["jarzynski"], effective = ledger.jarzynski(done, free_energy)
        columns = {name: estimate.value for name, estimate in estimates.items()}
        columns |= {f"{name}_error": estimate.error for name, estimate in estimates.items()}
        return columns | {
            "jarzynski_effective_samples": effective,
            "autocorrelation_time": standing.autocorrelation_time,
            "effective_sample_size": step.effective.mean(),
            "resamplings": step.resampled.double(),
            "reference_memory": step.memory,
        }

    def _complain(self, batch: Sequence[Standing]) -> None:
        for standing in batch:
            if not bool(torch.isfinite(standing.chains.energy).all() & torch.isfinite(standing.step.energy).all()):
                return  # the run broke here, which is what will be said
            self._still = self._still + 1 if float(standing.chains.moved) == 0 else 0
            if self._still == _PATIENCE:
                self._warn(
                    f"the sampler does not move any more: at {_PATIENCE} records up to step "
                    f"{standing.occasion.step}, no chain was elsewhere after relaxing, and the lag is that of chains "
                    "that stand still. Give it a smaller step size."
                )

    def _warn(self, message: str) -> None:
        if not self._warned:
            warnings.warn(message, SzilardWarning, stacklevel=5)
        self._warned.add(message)


def _less(of_chains: Estimate, of_islands: Estimate) -> Estimate:
    """The difference of what independent chains and independent islands give."""
    return Estimate(of_chains.value - of_islands.value, torch.hypot(of_chains.error, of_islands.error), Kind.ASYMPTOTIC)
