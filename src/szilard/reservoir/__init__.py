"""The parameters as a heat reservoir: noise, temperature, correlation, equilibrium.

Pure functions of gradients, series and matrices, in units of the loss; nothing here knows of networks, runs or files.
"""

from szilard.reservoir.canonical import Canonical, canonical
from szilard.reservoir.configurational import configurational_of_gram
from szilard.reservoir.contrasts import Largest, largest_contrast, largest_effect
from szilard.reservoir.correlation import (
    covariance_draws,
    covariance_of_gram,
    noise_autocorrelation,
    noise_covariance,
    shuffled_autocorrelation,
)
from szilard.reservoir.detailed_balance import DetailedBalance, detailed_balance, irreversibility
from szilard.reservoir.diffusion import diffusion_work, displacement_variance, drift_work
from szilard.reservoir.dynamics import Dynamics
from szilard.reservoir.entropy_production import ep_rate_ar1, ep_rate_fitted, ep_rate_fitted_ou, ep_rate_ou
from szilard.reservoir.fluctuation_dissipation import Place, displacement_ratio, fdr_ratio
from szilard.reservoir.green_kubo import (
    green_kubo_temperature,
    shuffled_temperature_ratio,
    shuffled_variance_ratio,
)
from szilard.reservoir.heat_capacity import HeatCapacity, equipartition_energy, heat_capacity
from szilard.reservoir.isotropy import participation_of_gram, participation_ratio
from szilard.reservoir.linear import LinearFit, fit_linear, stationary_covariance, stationary_covariance_continuous
from szilard.reservoir.mutual_equilibrium import MutualEquilibrium, mutual_equilibrium
from szilard.reservoir.noise import (
    Noise,
    examples_noise,
    half_batch_draws,
    noise_from_draws,
    paired_noise,
    parts_noise,
)
from szilard.reservoir.noise_scale import (
    noise_scale,
    noise_scale_from_estimates,
    noise_scale_interval,
    noise_scale_two_sizes,
)
from szilard.reservoir.path_entropy import PathEntropy, gaussian_log_density, path_entropy
from szilard.reservoir.path_moments import PathMoments
from szilard.reservoir.quasi_static import QuasiStatic, quasi_static
from szilard.reservoir.ratio import fieller_interval, mean_of, ratio_of_means
from szilard.reservoir.regimes import Regimes, regimes
from szilard.reservoir.stationarity import Stationarity, stationarity, two_sided
from szilard.reservoir.tails import exceedances, extreme_value_index, tail_index, tail_interval
from szilard.reservoir.temperature import configurational_temperature, kinetic_temperature, noise_temperature
from szilard.reservoir.time_average import TimeAverage, autocovariance, residual_time, time_average, time_ratio
from szilard.reservoir.uncertainty_bound import UncertaintyBound, bound_of_current, uncertainty_bound
from szilard.reservoir.whiteness import Whiteness, whiteness, whiteness_of_gram

__all__ = [
    "Canonical",
    "DetailedBalance",
    "Dynamics",
    "HeatCapacity",
    "Largest",
    "LinearFit",
    "MutualEquilibrium",
    "Noise",
    "PathEntropy",
    "PathMoments",
    "Place",
    "QuasiStatic",
    "Regimes",
    "Stationarity",
    "TimeAverage",
    "UncertaintyBound",
    "Whiteness",
    "autocovariance",
    "bound_of_current",
    "canonical",
    "configurational_of_gram",
    "configurational_temperature",
    "covariance_draws",
    "covariance_of_gram",
    "detailed_balance",
    "diffusion_work",
    "displacement_ratio",
    "displacement_variance",
    "drift_work",
    "ep_rate_ar1",
    "ep_rate_fitted",
    "ep_rate_fitted_ou",
    "ep_rate_ou",
    "equipartition_energy",
    "examples_noise",
    "exceedances",
    "extreme_value_index",
    "fdr_ratio",
    "fieller_interval",
    "fit_linear",
    "gaussian_log_density",
    "green_kubo_temperature",
    "half_batch_draws",
    "heat_capacity",
    "irreversibility",
    "kinetic_temperature",
    "largest_contrast",
    "largest_effect",
    "mean_of",
    "mutual_equilibrium",
    "noise_autocorrelation",
    "noise_covariance",
    "noise_from_draws",
    "noise_scale",
    "noise_scale_from_estimates",
    "noise_scale_interval",
    "noise_scale_two_sizes",
    "noise_temperature",
    "paired_noise",
    "participation_of_gram",
    "participation_ratio",
    "parts_noise",
    "path_entropy",
    "quasi_static",
    "ratio_of_means",
    "regimes",
    "residual_time",
    "shuffled_autocorrelation",
    "shuffled_temperature_ratio",
    "shuffled_variance_ratio",
    "stationarity",
    "stationary_covariance",
    "stationary_covariance_continuous",
    "tail_index",
    "tail_interval",
    "time_average",
    "time_ratio",
    "two_sided",
    "uncertainty_bound",
    "whiteness",
    "whiteness_of_gram",
]
