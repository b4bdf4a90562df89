"""The parameters as a heat reservoir: noise, temperature, correlation, equilibrium.

Pure functions of gradients, series and matrices, in units of the loss; nothing here knows of networks, runs or files.
"""

from szilard.reservoir.canonical import canonical, mutual_equilibrium
from szilard.reservoir.correlation import (
    covariance_of_gram,
    green_kubo_temperature,
    noise_autocorrelation,
    noise_covariance,
    shuffled_autocorrelation,
    shuffled_temperature_ratio,
    shuffled_variance_ratio,
)
from szilard.reservoir.detailed_balance import detailed_balance, irreversibility
from szilard.reservoir.diffusion import diffusion_work, displacement_variance, drift_work
from szilard.reservoir.displacements import displacement_balance
from szilard.reservoir.dynamics import Dynamics
from szilard.reservoir.entropy_production import ep_rate_ar1, ep_rate_fitted, ep_rate_fitted_ou, ep_rate_ou
from szilard.reservoir.fluctuation_dissipation import Place, displacement_ratio, fdr_ratio
from szilard.reservoir.heat_capacity import equipartition_energy, heat_capacity
from szilard.reservoir.linear import fit_linear
from szilard.reservoir.noise import Noise, examples_noise, paired_noise, parts_noise
from szilard.reservoir.noise_scale import (
    noise_scale,
    noise_scale_from_estimates,
    noise_scale_interval,
    noise_scale_two_sizes,
    participation_ratio,
)
from szilard.reservoir.path_entropy import path_entropy
from szilard.reservoir.quasi_static import quasi_static
from szilard.reservoir.regimes import regimes
from szilard.reservoir.stationarity import stationarity
from szilard.reservoir.tails import extreme_value_index, tail_index, tail_interval
from szilard.reservoir.temperature import configurational_temperature, kinetic_temperature, noise_temperature
from szilard.reservoir.time_average import time_average, time_ratio
from szilard.reservoir.uncertainty_bound import uncertainty_bound
from szilard.reservoir.whiteness import whiteness, whiteness_of_gram

__all__ = [
    "Dynamics",
    "Noise",
    "Place",
    "canonical",
    "configurational_temperature",
    "covariance_of_gram",
    "detailed_balance",
    "diffusion_work",
    "displacement_balance",
    "displacement_ratio",
    "displacement_variance",
    "drift_work",
    "ep_rate_ar1",
    "ep_rate_fitted",
    "ep_rate_fitted_ou",
    "ep_rate_ou",
    "equipartition_energy",
    "examples_noise",
    "extreme_value_index",
    "fdr_ratio",
    "fit_linear",
    "green_kubo_temperature",
    "heat_capacity",
    "irreversibility",
    "kinetic_temperature",
    "mutual_equilibrium",
    "noise_autocorrelation",
    "noise_covariance",
    "noise_scale",
    "noise_scale_from_estimates",
    "noise_scale_interval",
    "noise_scale_two_sizes",
    "noise_temperature",
    "paired_noise",
    "participation_ratio",
    "parts_noise",
    "path_entropy",
    "quasi_static",
    "regimes",
    "shuffled_autocorrelation",
    "shuffled_temperature_ratio",
    "shuffled_variance_ratio",
    "stationarity",
    "tail_index",
    "tail_interval",
    "time_average",
    "time_ratio",
    "uncertainty_bound",
    "whiteness",
    "whiteness_of_gram",
]
