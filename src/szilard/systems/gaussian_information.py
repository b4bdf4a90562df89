"""Informations between nested Gaussian variances: task, data set, seed, and the model's own spread."""

from __future__ import annotations

import math


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
