"""One run: work, heat, entropy, length and fluctuations as pure functions of φ (paper Eqs. 22-25, 38-39).

Every function takes ``φ = −ln p`` in nats as float64 tensors and knows nothing of networks, runs or files. Leading
dimensions are members and pass through. Two families:

- *exact sums* take φ of every outcome, shaped ``(*members, inputs, outcomes)``, and return one number per input;
  :func:`over_inputs` turns those into an :class:`~szilard.estimate.Estimate`;
- *sampled* estimators take φ at samples, shaped ``(*members, samples)``, and return an ``Estimate``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from szilard.doors import door

_HOMES = {
    "Pathwise": "pathwise",
    "advise": "lagged",
    "angle_of": "length",
    "bennett": "free_energy",
    "detailed_histograms": "both_ends",
    "detailed_law": "both_ends",
    "effective_sample_size": "reuse",
    "effective_samples": "free_energy",
    "energy_per_input": "jump",
    "entropy_per_input": "jump",
    "entropy_sampled": "jump",
    "excess_energies": "unrelaxed",
    "fluctuation_per_input": "jump",
    "fluctuation_reused": "reuse",
    "fluctuation_sampled": "jump",
    "free_energy_of": "free_energy",
    "heat_per_input": "jump",
    "heat_reused": "reuse",
    "heat_sampled": "jump",
    "heat_total": "totals",
    "hellinger_per_input": "length",
    "independent_updates": "unrelaxed",
    "jarzynski": "free_energy",
    "length_sampled": "length",
    "over_inputs": "totals",
    "over_replicates": "totals",
    "shared_samples": "free_energy",
    "speed_limit": "speed_limits",
    "speed_limit_one_sided": "speed_limits",
    "spurious_work": "precision",
    "step_of_energies": "energies",
    "total": "totals",
    "undone": "unrelaxed",
    "work_per_input": "jump",
    "work_quadratic_per_input": "precision",
    "work_reused": "reuse",
    "work_sampled": "jump",
}
"""Where each public name lives."""

__all__ = [
    "Pathwise",
    "advise",
    "angle_of",
    "bennett",
    "detailed_histograms",
    "detailed_law",
    "effective_sample_size",
    "effective_samples",
    "energy_per_input",
    "entropy_per_input",
    "entropy_sampled",
    "excess_energies",
    "fluctuation_per_input",
    "fluctuation_reused",
    "fluctuation_sampled",
    "free_energy_of",
    "heat_per_input",
    "heat_reused",
    "heat_sampled",
    "heat_total",
    "hellinger_per_input",
    "independent_updates",
    "jarzynski",
    "length_sampled",
    "over_inputs",
    "over_replicates",
    "shared_samples",
    "speed_limit",
    "speed_limit_one_sided",
    "spurious_work",
    "step_of_energies",
    "total",
    "undone",
    "work_per_input",
    "work_quadratic_per_input",
    "work_reused",
    "work_sampled",
]

if TYPE_CHECKING:
    from szilard.ledger.both_ends import detailed_histograms, detailed_law
    from szilard.ledger.energies import step_of_energies
    from szilard.ledger.free_energy import bennett, effective_samples, free_energy_of, jarzynski, shared_samples
    from szilard.ledger.jump import (
        energy_per_input,
        entropy_per_input,
        entropy_sampled,
        fluctuation_per_input,
        fluctuation_sampled,
        heat_per_input,
        heat_sampled,
        work_per_input,
        work_sampled,
    )
    from szilard.ledger.lagged import advise
    from szilard.ledger.length import angle_of, hellinger_per_input, length_sampled
    from szilard.ledger.pathwise import Pathwise
    from szilard.ledger.precision import spurious_work, work_quadratic_per_input
    from szilard.ledger.reuse import effective_sample_size, fluctuation_reused, heat_reused, work_reused
    from szilard.ledger.speed_limits import speed_limit, speed_limit_one_sided
    from szilard.ledger.totals import heat_total, over_inputs, over_replicates, total
    from szilard.ledger.unrelaxed import excess_energies, independent_updates, undone
else:
    __getattr__, __dir__ = door(__name__, _HOMES)
