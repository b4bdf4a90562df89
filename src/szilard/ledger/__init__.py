"""One run: work, heat, entropy, length and fluctuations as pure functions of φ (paper Eqs. 22-25, 38-39).

Every function takes ``φ = −ln p`` in nats as float64 tensors and knows nothing of networks, runs or files. Leading
dimensions are members and pass through. Two families:

- *exact sums* take φ of every outcome, shaped ``(*members, inputs, outcomes)``, and return one number per input;
  :func:`over_inputs` turns those into an :class:`~szilard.estimate.Estimate`;
- *sampled* estimators take φ at samples, shaped ``(*members, samples)``, and return an ``Estimate``.
"""

from szilard.ledger.entropy import energy_per_input, entropy_per_input, entropy_sampled
from szilard.ledger.fisher import work_quadratic_per_input
from szilard.ledger.fluctuation import (
    fluctuation_of,
    fluctuation_per_input,
    fluctuation_sampled,
    fluctuation_variance_of,
)
from szilard.ledger.heat import heat_of, heat_per_input, heat_sampled
from szilard.ledger.jump import Jump
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
from szilard.ledger.totals import heat_total, over_inputs, over_replicates, total
from szilard.ledger.work import work_of, work_per_input, work_reverse_of, work_sampled

__all__ = [
    "Jump",
    "LengthSum",
    "Pathwise",
    "angle_of",
    "angle_slope",
    "effective_sample_size",
    "energy_per_input",
    "entropy_per_input",
    "entropy_sampled",
    "fluctuation_of",
    "fluctuation_per_input",
    "fluctuation_reused",
    "fluctuation_sampled",
    "fluctuation_variance_of",
    "heat_of",
    "heat_per_input",
    "heat_reused",
    "heat_sampled",
    "heat_total",
    "hellinger_of",
    "hellinger_per_input",
    "length_sampled",
    "over_inputs",
    "over_replicates",
    "speed_limit",
    "speed_limit_one_sided",
    "spurious_work",
    "spurious_work_of",
    "total",
    "work_of",
    "work_per_input",
    "work_quadratic_per_input",
    "work_reused",
    "work_reverse_of",
    "work_sampled",
]
