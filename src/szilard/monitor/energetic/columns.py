"""From what both sets of states say of a record to its columns, errors included."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard import ledger
from szilard.estimate import Estimate, Kind
from szilard.ledger.totals import joined, over_joined
from szilard.monitor.energetic.chains import Chains
from szilard.monitor.energetic.population import PopulationStep
from szilard.monitor.measure import Occasion
from szilard.monitor.rows import Value


@final
@dataclass(frozen=True, slots=True)
class ReferenceSums:
    """What the reference has seen since the first record, island by island, in nats."""

    work: Float[Tensor, " islands"]
    heat: Float[Tensor, " islands"]
    free_energy: Float[Tensor, " islands"]

    def and_of(self, step: PopulationStep) -> ReferenceSums:
        """The sums with one more step of the reference, in nats."""
        return ReferenceSums(*(getattr(self, field.name) + getattr(step, field.name) for field in fields(self)))


@final
@dataclass(frozen=True, slots=True)
class PendingRow:
    """One record until it is written; all numbers still on the device."""

    occasion: Occasion
    chains: Chains
    step: PopulationStep
    sums: ReferenceSums
    profile: Float[Tensor, "sub_steps chains"] | None
    autocorrelation_time: Float[Tensor, ""]
    host: dict[str, Value]


def columns_of(
    pending: PendingRow, energy_start: Float[Tensor, " islands"] | None, log_normaliser: tuple[float, float] | None
) -> dict[str, Tensor]:
    """The columns of a record, each one number on the device; errors as ``<name>_error``.

    Args:
        pending: the record.
        energy_start: mean energy of every island at the first record; None: this is the first.
        log_normaliser: ``ln Z`` at the first record with its standard error; None where it is not known.
    """
    chains, step, sums = pending.chains, pending.step, pending.sums
    start = step.energy if energy_start is None else energy_start
    # two routes to the same heat: by the energies at both ends, or step by step
    heat = joined(step.energy - start - sums.free_energy - sums.work, sums.heat)
    equilibrium = {
        "energy": step.energy,
        "work": sums.work,
        "heat_stepwise": sums.heat,
        "free_energy_change": sums.free_energy,
        "ep_conditional": sums.work,
        "fluctuation": step.fluctuation,
        "detailed_balance": step.asymmetry,
    }
    if log_normaliser is not None:
        equilibrium["log_normaliser"] = log_normaliser[0] - sums.free_energy
        equilibrium["entropy_conditional"] = step.energy + equilibrium["log_normaliser"]
    estimates = {name: ledger.over_replicates(values) for name, values in equilibrium.items()}
    if log_normaliser is not None:  # islands share the error of the first ln Z
        shared = step.energy.new_tensor(log_normaliser[1])
        for name in ("log_normaliser", "entropy_conditional"):
            estimates[name] = replace(estimates[name], error=torch.hypot(estimates[name].error, shared))
    estimates |= {"heat": over_joined(heat), "entropy_change": over_joined(heat + sums.work)}
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
        "autocorrelation_time": pending.autocorrelation_time,
        "effective_sample_size": step.effective.mean(),
        "resamplings": step.resampled.double(),
        "reference_memory": step.memory,
    }


def _less(of_chains: Estimate, of_islands: Estimate) -> Estimate:
    """The difference of what independent chains and independent islands give."""
    return Estimate(of_chains.value - of_islands.value, torch.hypot(of_chains.error, of_islands.error), Kind.ASYMPTOTIC)
