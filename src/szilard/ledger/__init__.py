"""One run: work, heat, entropy, length and fluctuations as pure functions of φ (paper Eqs. 22-25, 38-39).

Every function takes ``φ = −ln p`` in nats as float64 tensors and knows nothing of networks, runs or files. Leading
dimensions are members and pass through. Two families:

- *exact sums* take φ of every outcome, shaped ``(*members, inputs, outcomes)``, and return one number per input;
  :func:`over_inputs` turns those into an :class:`~szilard.estimate.Estimate`;
- *sampled* estimators take φ at samples, shaped ``(*members, samples)``, and return an ``Estimate``.
"""

from szilard.ledger.bennett import bennett
from szilard.ledger.bounds import guess_scale, phi_by_draws, slot_work_lower
from szilard.ledger.detailed_fluctuation import DetailedLaw, detailed_histograms, detailed_law
from szilard.ledger.energies import EnergyStep, heat_of_energies, step_of_energies, work_of_energies
from szilard.ledger.entropy import energy_per_input, entropy_per_input, entropy_sampled
from szilard.ledger.fisher import work_quadratic_per_input
from szilard.ledger.fluctuation import (
    fluctuation_of,
    fluctuation_per_input,
    fluctuation_sampled,
    fluctuation_variance_of,
)
from szilard.ledger.free_energy import effective_samples, free_energy_of
from szilard.ledger.heat import heat_of, heat_per_input, heat_sampled
from szilard.ledger.jarzynski import jarzynski
from szilard.ledger.jump import Jump
from szilard.ledger.lagged import Advice, advise, lagged_ratio
from szilard.ledger.leave_one_out import jackknife, mean_weighted
from szilard.ledger.length import (
    angle_of,
    angle_slope,
    hellinger_of,
    hellinger_per_input,
    length_sampled,
    speed_limit,
    speed_limit_one_sided,
)
from szilard.ledger.length_sum import LengthSum
from szilard.ledger.pathwise import Pathwise
from szilard.ledger.precision import spurious_work, spurious_work_of
from szilard.ledger.reuse import effective_sample_size, fluctuation_reused, heat_reused, work_reused
from szilard.ledger.sequences import prefix_mean, prefix_sum, prefix_weights, token_work
from szilard.ledger.slot_sum import SlotSum
from szilard.ledger.slots import (
    length_of_defects,
    others,
    slot_excess,
    slot_fluctuation,
    slot_heat,
    slot_length,
    slot_mean,
    slot_overlap_defect,
    slot_work,
    slot_work_reverse,
)
from szilard.ledger.totals import heat_total, over_inputs, over_replicates, total
from szilard.ledger.two_routes import joined, over_joined
from szilard.ledger.unrelaxed import Undone, excess_energies, independent_updates, undone
from szilard.ledger.work import work_of, work_per_input, work_reverse_of, work_sampled

__all__ = [
    "Advice",
    "DetailedLaw",
    "EnergyStep",
    "Jump",
    "LengthSum",
    "Pathwise",
    "SlotSum",
    "Undone",
    "advise",
    "angle_of",
    "angle_slope",
    "bennett",
    "detailed_histograms",
    "detailed_law",
    "effective_sample_size",
    "effective_samples",
    "energy_per_input",
    "entropy_per_input",
    "entropy_sampled",
    "excess_energies",
    "fluctuation_of",
    "fluctuation_per_input",
    "fluctuation_reused",
    "fluctuation_sampled",
    "fluctuation_variance_of",
    "free_energy_of",
    "guess_scale",
    "heat_of",
    "heat_of_energies",
    "heat_per_input",
    "heat_reused",
    "heat_sampled",
    "heat_total",
    "hellinger_of",
    "hellinger_per_input",
    "independent_updates",
    "jackknife",
    "jarzynski",
    "joined",
    "lagged_ratio",
    "length_of_defects",
    "length_sampled",
    "mean_weighted",
    "others",
    "over_inputs",
    "over_joined",
    "over_replicates",
    "phi_by_draws",
    "prefix_mean",
    "prefix_sum",
    "prefix_weights",
    "slot_excess",
    "slot_fluctuation",
    "slot_heat",
    "slot_length",
    "slot_mean",
    "slot_overlap_defect",
    "slot_work",
    "slot_work_lower",
    "slot_work_reverse",
    "speed_limit",
    "speed_limit_one_sided",
    "spurious_work",
    "spurious_work_of",
    "step_of_energies",
    "token_work",
    "total",
    "undone",
    "work_of",
    "work_of_energies",
    "work_per_input",
    "work_quadratic_per_input",
    "work_reused",
    "work_reverse_of",
    "work_sampled",
]
