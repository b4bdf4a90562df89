"""The parameters as a heat reservoir: noise, temperature, correlation, equilibrium.

Pure functions of gradients, series and matrices, in units of the loss; nothing here knows of networks, runs or files.
"""

from szilard.reservoir.canonical import Canonical, canonical
from szilard.reservoir.correlation import (
    covariance_draws,
    covariance_of_gram,
    noise_autocorrelation,
    noise_covariance,
    shuffled_autocorrelation,
)
from szilard.reservoir.detailed_balance import DetailedBalance, detailed_balance, irreversibility
from szilard.reservoir.dynamics import Dynamics
from szilard.reservoir.entropy_production import ep_rate_ar1, ep_rate_fitted, ep_rate_fitted_ou, ep_rate_ou
from szilard.reservoir.fluctuation_dissipation import Place, displacement_ratio, fdr_ratio
from szilard.reservoir.isotropy import participation_of_gram, participation_ratio
from szilard.reservoir.linear import LinearFit, fit_linear, stationary_covariance, stationary_covariance_continuous
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
from szilard.reservoir.tails import exceedances, extreme_value_index, tail_index, tail_interval
from szilard.reservoir.temperature import configurational_temperature, kinetic_temperature, noise_temperature
from szilard.reservoir.time_average import TimeAverage, autocovariance, time_average, time_ratio
from szilard.reservoir.uncertainty_bound import UncertaintyBound, bound_of_current, uncertainty_bound

__all__ = [
    "Canonical",
    "DetailedBalance",
    "Dynamics",
    "LinearFit",
    "Noise",
    "PathEntropy",
    "PathMoments",
    "Place",
    "QuasiStatic",
    "TimeAverage",
    "UncertaintyBound",
    "autocovariance",
    "bound_of_current",
    "canonical",
    "configurational_temperature",
    "covariance_draws",
    "covariance_of_gram",
    "detailed_balance",
    "displacement_ratio",
    "ep_rate_ar1",
    "ep_rate_fitted",
    "ep_rate_fitted_ou",
    "ep_rate_ou",
    "examples_noise",
    "exceedances",
    "extreme_value_index",
    "fdr_ratio",
    "fieller_interval",
    "fit_linear",
    "gaussian_log_density",
    "half_batch_draws",
    "irreversibility",
    "kinetic_temperature",
    "mean_of",
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
    "shuffled_autocorrelation",
    "stationary_covariance",
    "stationary_covariance_continuous",
    "tail_index",
    "tail_interval",
    "time_average",
    "time_ratio",
    "uncertainty_bound",
]
