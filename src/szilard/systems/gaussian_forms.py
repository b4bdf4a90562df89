"""Closed forms of Gaussian systems: relaxation with noise, and informations between nested variances.

Second moments of linear relaxation with noise, ``θ ← θ − a(θ − b̄) + N(0, ν)``, per component, in closed form.

Informations between nested Gaussian variances: task, data set, seed, and the model's own spread.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Relaxation:
    """Moments about a fixed centre b̄; ``q = (1 − a)²``.

    Args:
        pull: a, the share of the distance to b̄ that each step covers; 0 < a < 2.
        noise: ν, variance of the noise of each step.
    """

    pull: float
    noise: float

    def decay_sum(self, steps: int) -> float:
        """The sum ``Σ_{t<n} q^t = (1 − qⁿ)/[a(2 − a)]`` over n steps."""
        if self.pull == 1:
            return float(min(steps, 1))
        decayed = -math.expm1(2 * steps * math.log(abs(1 - self.pull)))
        return decayed / (self.pull * (2 - self.pull))

    def progress(self, steps: int) -> float:
        """``c_n = 1 − (1 − a)ⁿ``: the share of the way to b̄ that the mean has covered."""
        return 1 - (1 - self.pull) ** steps

    def squared_steps(self, steps: int, distance: float) -> float:
        """``Σ_{t<n} ⟨(θ_{t+1} − θ_t)²⟩ = Σ_t (a² e_t + ν)`` from ``e_0 = distance``, the mean of ``(θ_0 − b̄)²``."""
        decay_sum = self.decay_sum(steps)
        # e_t = q^t e_0 + ν (1 − q^t)/[a(2 − a)]
        distances = distance * decay_sum + self.noise * (steps - decay_sum) / (self.pull * (2 - self.pull))
        return self.pull**2 * distances + steps * self.noise

    def squared_displacement(self, steps: int, distance: float) -> float:
        """``⟨(θ_n − θ_0)²⟩ = c_n² e_0 + ν Σ_{t<n} q^t``."""
        return self.progress(steps) ** 2 * distance + self.noise * self.decay_sum(steps)


def half_log_ratio(dimension: int, numerator: float, denominator: float) -> float:
    """``(d/2) ln(numerator/denominator)`` in nats; 0 where they are equal, infinite where one of them vanishes."""
    if numerator == denominator:
        return 0.0
    if numerator == 0:
        return -math.inf
    return math.inf if denominator == 0 else 0.5 * dimension * math.log(numerator / denominator)


def informations(
    dimension: int, model_variance: float, *, seed: float, dataset: float, task: float, start: float
) -> dict[str, float]:
    """What X and Θ tell of each other and of their causes, for ``X ~ N(Θ, s² I)`` and Gaussian Θ, by record name.

    Args:
        dimension: d, of x and θ.
        model_variance: s².
        seed: variance of θ per component at fixed data (V_B).
        dataset: what data sets of one task add to it.
        task: what tasks add to it.
        start: V_0, variance of θ per component before the first step.
    """

    def half_log(numerator: float, denominator: float) -> float:
        return half_log_ratio(dimension, numerator, denominator)

    theta = seed + dataset + task
    x, x_given_data = model_variance + theta, model_variance + seed
    return {
        "m_info": half_log(theta, seed),
        "l_info": half_log(x, model_variance),
        "info_task": half_log(x, x_given_data + dataset),
        "info_dataset": half_log(x_given_data + dataset, x_given_data),
        "info_seed": half_log(x_given_data, model_variance),
        "info_data": half_log(x, x_given_data),
        "entropy_marginal": half_log(2 * math.pi * math.e * x, 1.0),
        "ep_ignorance": half_log(x, model_variance) - half_log(model_variance + start, model_variance),
        "parameter_entropy_change": half_log(theta, start),
    }
