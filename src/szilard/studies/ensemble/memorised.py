"""M-info of an ensemble at one record: what bounds I(Θ;B), and the paper's Clausius number."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from szilard import information
from szilard.ensemble.plan import Plan
from szilard.estimate import Estimate
from szilard.information import Measurement
from szilard.training import SGD


def memorised(plan: Plan, step: int, now: Measurement, heat: Estimate) -> dict[str, Estimate]:
    """``m_info_lower``, ``m_info_upper`` and ``clausius_information``, in nats, as far as the design allows.

    Args:
        plan: of the ensemble.
        step: of the record.
        now: the information at this record.
        heat: the members' mean Q.
    """
    found = {"clausius_information": information.clausius_information(heat)}
    if "info_data_lower" in now.values:
        found["m_info_lower"] = information.m_info_lower(now)
    if bounds := list(_upper_bounds(plan, step)):
        found["m_info_upper"] = information.m_info_upper(bounds)
    return found


def unbounded(plan: Plan) -> str:
    """Why there is no upper bound on M-info; empty where there is one."""
    if _population(plan) or _noisy(plan):
        return ""
    if _noisy(plan, with_buffers=True):
        return "buffers (running statistics) take up data without noise: the chain bound needs a model without them."
    return (
        "I(Θ;B) is bounded from above only where the datasets are the population (design.population), or by plain SGD"
        " with noise (optimizer.noise) and clipped gradients (training.clip_norm)."
    )


def _population(plan: Plan) -> bool:
    return plan.design.population and plan.design.task_kind.count == 1


def _noisy(plan: Plan, *, with_buffers: bool = False) -> bool:
    """Whether all of θ moves by plain SGD with noise of its own and clipped gradients: then ``tr Cov(g_t) ≤ c²``."""
    training, optimizer = plan.training, plan.training.optimizer
    plain = isinstance(optimizer, SGD) and not optimizer.momentum and not optimizer.weight_decay
    noisy = plain and getattr(optimizer, "noise", 0.0) > 0 and training.clip_norm is not None
    return noisy and (with_buffers or not plan.trial.buffers)


def _upper_bounds(plan: Plan, step: int) -> Iterator[Estimate]:
    """``ln K`` of a population of data sets; the chain bound for explicit noise and gradients clipped to norm c."""
    if _population(plan):
        yield information.population_bound(plan.design.dataset_kind.count)
    training, optimizer = plan.training, plan.training.optimizer
    if _noisy(plan) and training.clip_norm is not None:
        multipliers = [1.0] * step
        if training.schedule is not None:
            multipliers = [training.schedule.multiplier(t, training.steps) for t in range(step)]
        yield information.chain_bound(
            np.full(step, training.clip_norm**2),
            learning_rate=optimizer.lr * np.array(multipliers),
            noise=optimizer.noise,  # type: ignore[union-attr]
            parameters=plan.parameters,
        )
