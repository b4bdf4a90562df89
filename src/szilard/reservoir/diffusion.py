"""Drift and diffusion in the work: what gradient noise and mean force would each do in a training step.

To leading order a displacement δ of the parameters costs ``W = ½ δ·F δ`` (F: Fisher matrix). Noise of covariance C/|b|
contributes ``½ r² tr(F C)/|b|`` per step of SGD, the mean force ``½ r² ∇U·F∇U``: beside them stands W(k) as measured.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.errors import SpecError
from szilard.estimate import Estimate, Kind
from szilard.reservoir.dynamics import Dynamics
from szilard.reservoir.replicates import mean_of


def diffusion_work(dynamics: Dynamics, forms: Float[ndarray, " draws"], interval: int = 1) -> Estimate:
    """Work of the noise per training step, measured every ``interval`` steps, nats.

    Args:
        dynamics: the optimiser's; momentum makes neighbouring displacements alike, so that longer intervals cost more
            per step (Adam: forms of the preconditioned noise).
        forms: ``η·F η`` of noise vectors whose covariance is that of a batch, C/|b|: half the difference of the
            gradients of two halves, ``η = (g_a − g_b)/2``. F as the mean over inputs of ``(η·∇ ln p)²``.
        interval: k, short of the relaxation time.

    Returns:
        Kind ``asymptotic``: leading order in the step.

    Example:
        >>> diffusion_work(Dynamics("sgd", 0.5), np.array([2.0, 4.0])).value  # ½ r² · 3
        0.375
    """
    return _scaled(mean_of(forms), 0.5 * displacement_variance(dynamics, interval) / interval)


def drift_work(dynamics: Dynamics, forms: Float[ndarray, " draws"], interval: int = 1) -> Estimate:
    """Work of the mean force per training step, measured every ``interval`` steps, nats.

    Args:
        dynamics: the optimiser's.
        forms: ``g_a·F g_b`` of independent halves, whose mean is ``∇U·F∇U`` without the noise; may be negative.
        interval: k; straight motion costs k times as much per step.
    """
    return _scaled(mean_of(forms), 0.5 * dynamics.response**2 * interval)


def displacement_variance(dynamics: Dynamics, interval: int) -> float:
    """Variance of the displacement over k steps by white noise of unit variance: ``k r²`` for plain SGD.

    With the displacement weights a_j of a gradient j steps back, it is ``Σ_s (Σ_{i<k} a_{i−s})²`` over all sources s
    before and within the interval; ``k R²`` where k is long against momentum's memory.

    Raises:
        SpecError: for an interval below 1.

    Example:
        >>> displacement_variance(Dynamics("sgd", 0.5), 4)
        1.0
    """
    if interval < 1:
        raise SpecError(f"an interval has at least one step, not {interval}.")
    weights = _displacement_weights(dynamics)
    reach = np.convolve(weights, np.ones(interval))
    return float(reach @ reach)


def _displacement_weights(dynamics: Dynamics) -> np.ndarray:
    """How far a unit of gradient moves the parameters 0, 1, 2, … steps after it, until 1e-17 of it is left."""
    if not dynamics.buffered:
        return np.array([dynamics.rate])
    memory = int(np.ceil(-40 / np.log(dynamics.inertia))) + 1
    powers = dynamics.inertia ** np.arange(memory, dtype=np.float64)
    weights = dynamics.rate * dynamics.intake * powers
    if dynamics.nesterov:
        weights = weights * dynamics.inertia
        weights[0] += dynamics.rate
    return weights


def _scaled(estimate: Estimate, scale: Any) -> Estimate:
    return Estimate(scale * estimate.value, scale * estimate.error, Kind.ASYMPTOTIC, estimate.degrees_of_freedom)
