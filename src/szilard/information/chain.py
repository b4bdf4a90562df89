"""M-info from above, by what a noisy training can have carried step by step (Pensia, Jog and Loh 2018)."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import SpecError
from szilard.estimate import Estimate, Kind


def chain_bound(
    gradient_variance: Float[ndarray, " steps"], *, learning_rate: Float[ndarray, " steps"] | float, noise: float,
    parameters: int,
) -> Estimate:  # fmt: skip
    """``I(Θ_n;B) ≤ Σ_t (d/2) ln[1 + r_t² tr Cov(g_t)/(d ν)]`` in nats, for noise that is added explicitly.

    Holds for ``θ ← θ − r g(θ; B, batch) + N(0, ν I)`` with Θ_0 independent of B: each step is a Gaussian channel whose
    input has the power ``r² tr Cov(g_t)/d`` per component (covariance over data sets and batches at given θ_{t−1},
    averaged over θ_{t−1}; its trace over all of the ensemble is larger, and so still a bound).

    Args:
        gradient_variance: ``tr Cov(g_t)`` of each training step.
        learning_rate: r of each step, or of all.
        noise: ν, variance added to each parameter at each step.
        parameters: d.

    Raises:
        SpecError: without added noise, where the bound is infinite, and for what is no variance.

    Example:
        >>> round(chain_bound([4.0, 1.0], learning_rate=0.1, noise=0.01, parameters=2).value, 4)
        1.5041
    """
    variance = np.asarray(gradient_variance, dtype=np.float64)
    if not (math.isfinite(noise) and noise > 0):
        raise SpecError(f"noise is {noise}: without noise of its own a training may tell all of its data; no bound.")
    if parameters < 1 or (variance < 0).any() or np.isnan(variance).any():
        raise SpecError("give the number of parameters, 1 or more, and a variance of 0 or more for every step.")
    signal = np.square(learning_rate) * variance / (parameters * noise)
    return Estimate(float(0.5 * parameters * np.log1p(signal).sum()), 0.0, Kind.UPPER)


def population_bound(datasets: int) -> Estimate:
    """``I(Θ;B) ≤ H(B) = ln K`` where the K datasets *are* the population, each equally likely; not for a sample."""
    if datasets < 1:
        raise SpecError(f"datasets is {datasets}: give the size of the population, 1 or more.")
    return Estimate(math.log(datasets), 0.0, Kind.UPPER)
