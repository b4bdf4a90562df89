"""M-info of an ensemble at one record: what bounds I(Θ;B), and the paper's Clausius number (theory: docs)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from szilard.ensemble.plan import Plan
from szilard.estimate import Estimate, Kind
from szilard.training import SGD


def memorised(plan: Plan, step: int, values: Mapping[str, Estimate]) -> dict[str, Estimate]:
    """``m_info_lower``, ``m_info_upper`` and ``clausius_information``, in nats, as far as the design allows.

    Args:
        plan: of the ensemble.
        step: of the record.
        values: the information at this record.
    """
    found: dict[str, Estimate] = {}
    if lower := _lower(values):
        found["m_info_lower"] = lower
    uppers = [bound for bound in (_of_population(plan), _of_noise(plan, step)) if bound is not None]
    if uppers:
        found["m_info_upper"] = Estimate(min(uppers), 0.0, Kind.UPPER)
    if "heat_mean" in values:
        heat = values["heat_mean"]
        found["clausius_information"] = Estimate(-heat.value, heat.error, Kind.HYPOTHESIS, heat.degrees_of_freedom)
    return found


def _lower(values: Mapping[str, Estimate]) -> Estimate | None:
    """I(X_1 … X_m;B) ≤ I(Θ;B) by data processing, for the block of probe inputs that tells most."""
    candidates = [values["info_data"]] if "info_data" in values else []
    parts = [values[name] for name in ("info_task_block", "info_dataset_block") if name in values]
    if parts:
        total = sum(np.asarray(part.value) for part in parts)
        error = np.sqrt(sum(np.asarray(part.error) ** 2 for part in parts))
        candidates += [
            Estimate(float(value), float(sigma), Kind.LOWER, parts[0].degrees_of_freedom)
            for value, sigma in zip(np.atleast_1d(total), np.atleast_1d(error), strict=True)
            if math.isfinite(value)
        ]
    if not candidates:
        return None
    best = max(candidates, key=lambda candidate: float(candidate.value))
    return Estimate(best.value, best.error, Kind.LOWER, best.degrees_of_freedom)


def _of_population(plan: Plan) -> float | None:
    """H(B) = ln K, only where the data sets are all that there are."""
    if not plan.design.population or plan.design.task_kind.count > 1:
        return None
    return math.log(plan.design.dataset_kind.count)


def _of_noise(plan: Plan, step: int) -> float | None:
    """``Σ_t (d/2) ln[1 + r_t² c²/(dν)]``: explicit noise ν, and gradients clipped to norm c, so tr Cov ≤ c²."""
    training, optimizer = plan.training, plan.training.optimizer
    if not isinstance(optimizer, SGD) or not optimizer.noise or training.clip_norm is None:
        return None
    if optimizer.momentum or optimizer.weight_decay:
        return None
    dimension = plan.parameters
    rates = [
        optimizer.lr * (1.0 if training.schedule is None else training.schedule.multiplier(t, training.steps))
        for t in range(step)
    ]
    ratio = training.clip_norm**2 / (dimension * optimizer.noise)
    return math.fsum(0.5 * dimension * math.log1p(rate**2 * ratio) for rate in rates)
