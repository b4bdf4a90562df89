"""Many runs: what nested ensembles (task → dataset → seed) say of task, data and luck, with brackets and errors.

Everything takes log-probabilities of members on shared probe inputs, float64 in nats, and knows nothing of networks,
runs or files. :class:`Nesting` says where members belong, :func:`measure` makes a :class:`Measurement` of a look.
"""

from szilard.information.jackknife import ensemble_mean
from szilard.information.m_info import (
    DataProcessing,
    chain_bound,
    clausius_information,
    clausius_residual,
    data_processing,
    efficiency,
    ideal_learning,
    m_info_lower,
    m_info_upper,
    population_bound,
)
from szilard.information.measure import chunked, measure
from szilard.information.measurement import Measurement, change, changes, coverage_note, marginal_changes
from szilard.information.nesting import Nesting
from szilard.information.stopping import StoppingPoint, label_free_stop
from szilard.information.supersample import Supersample, supersample_information

__all__ = [
    "DataProcessing",
    "Measurement",
    "Nesting",
    "StoppingPoint",
    "Supersample",
    "chain_bound",
    "change",
    "changes",
    "chunked",
    "clausius_information",
    "clausius_residual",
    "coverage_note",
    "data_processing",
    "efficiency",
    "ensemble_mean",
    "ideal_learning",
    "label_free_stop",
    "m_info_lower",
    "m_info_upper",
    "marginal_changes",
    "measure",
    "population_bound",
    "supersample_information",
]
