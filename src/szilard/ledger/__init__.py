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
    "bennett": "acceptance_ratio",
    "detailed_histograms": "detailed_fluctuation",
    "detailed_law": "detailed_fluctuation",
    "effective_sample_size": "reuse",
    "effective_samples": "free_energy",
    "energy_per_input": "entropy",
    "entropy_per_input": "entropy",
    "entropy_sampled": "entropy",
    "excess_energies": "unrelaxed",
    "fluctuation_per_input": "fluctuation",
    "fluctuation_reused": "reuse",
    "fluctuation_sampled": "fluctuation",
    "free_energy_of": "free_energy",
    "heat_per_input": "heat",
    "heat_reused": "reuse",
    "heat_sampled": "heat",
    "heat_total": "totals",
    "hellinger_per_input": "length",
    "independent_updates": "unrelaxed",
    "jarzynski": "exponential_average",
    "length_sampled": "length",
    "over_inputs": "totals",
    "over_replicates": "totals",
    "speed_limit": "speed_limits",
    "speed_limit_one_sided": "speed_limits",
    "spurious_work": "precision",
    "step_of_energies": "energies",
    "total": "totals",
    "undone": "unrelaxed",
    "work_per_input": "work",
    "work_quadratic_per_input": "fisher",
    "work_reused": "reuse",
    "work_sampled": "work",
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
    from szilard.ledger.acceptance_ratio import bennett
    from szilard.ledger.detailed_fluctuation import detailed_histograms, detailed_law
    from szilard.ledger.energies import step_of_energies
    from szilard.ledger.entropy import energy_per_input, entropy_per_input, entropy_sampled
    from szilard.ledger.exponential_average import jarzynski
    from szilard.ledger.fisher import work_quadratic_per_input
    from szilard.ledger.fluctuation import fluctuation_per_input, fluctuation_sampled
    from szilard.ledger.free_energy import effective_samples, free_energy_of
    from szilard.ledger.heat import heat_per_input, heat_sampled
    from szilard.ledger.lagged import advise
    from szilard.ledger.length import angle_of, hellinger_per_input, length_sampled
    from szilard.ledger.pathwise import Pathwise
    from szilard.ledger.precision import spurious_work
    from szilard.ledger.reuse import effective_sample_size, fluctuation_reused, heat_reused, work_reused
    from szilard.ledger.speed_limits import speed_limit, speed_limit_one_sided
    from szilard.ledger.totals import heat_total, over_inputs, over_replicates, total
    from szilard.ledger.unrelaxed import excess_energies, independent_updates, undone
    from szilard.ledger.work import work_per_input, work_sampled
else:
    __getattr__, __dir__ = door(__name__, _HOMES)
