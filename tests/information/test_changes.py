"""Paired differences, entropy productions of the marginal, and the label-free stopping point."""

from __future__ import annotations

import math

import numpy as np
import pytest

from szilard.errors import SpecError
from szilard.information import Nesting, changes, ensemble_mean, label_free_stop, marginal_changes, measure
from szilard.information.measurement import change
from szilard.systems import GaussianMean

NESTING = Nesting.regular(datasets=6, seeds=3)


def _looks() -> tuple:
    rng = np.random.default_rng(4)
    start = rng.normal(size=(18, 40, 5))
    shift = np.repeat(rng.normal(size=(6, 40, 5)), 3, axis=0) * 0.4
    pair = [
        measure(NESTING, logits - np.log(np.exp(logits).sum(-1, keepdims=True)), blocks=(1,))
        for logits in (start, 1.3 * start + shift)
    ]
    return (*pair, rng.normal(size=18))


def test_second_law_bookkeeping() -> None:
    """``Σ_X = ΔS_X − Q`` and ``Σ_X − Σ_{X|Θ} = Δ l_info``, in values and in every delete-one replicate."""
    before, after, heat = _looks()
    estimates, members = marginal_changes(before, after, heat)
    mean = ensemble_mean(NESTING, heat)
    assert estimates["ep_marginal"].value == pytest.approx(
        estimates["entropy_marginal_change"].value - mean.value, abs=1e-13
    )
    conditional = after["entropy_conditional_mean"].value - before["entropy_conditional_mean"].value - mean.value
    assert estimates["ep_marginal"].value - conditional == pytest.approx(estimates["ep_ignorance"].value, abs=1e-12)
    assert members["ep_marginal_member"].shape == (18,)
    weighted = NESTING.weights @ members["ep_marginal_member"]
    plugin = after["entropy_marginal_plugin"].value - before["entropy_marginal_plugin"].value - mean.value
    assert weighted == pytest.approx(plugin)


def test_errors_are_paired() -> None:
    """What two looks have in common drops out: a look less itself has no error, and inputs are shared."""
    before, after, _ = _looks()
    assert change(after, after, "l_info").error == 0
    deleted = after.replicates["l_info"] - before.replicates["l_info"]
    expected = math.sqrt(5 / 6 * np.square(deleted - deleted.mean()).sum())
    assert changes(before, after)["l_info"].error == pytest.approx(expected)


def test_ensemble_mean_is_over_clusters() -> None:
    values = np.arange(18.0)
    means = values.reshape(6, 3).mean(1)
    estimate = ensemble_mean(NESTING, values)
    assert estimate.value == pytest.approx(means.mean())
    assert estimate.error == pytest.approx(means.std(ddof=1) / math.sqrt(6))
    assert estimate.degrees_of_freedom == 5


def test_marginal_entropy_production_of_gaussians() -> None:
    """ΔS_X − Q against the closed form, over independent ensembles; it may be negative (n = 5 in the theory)."""
    system = GaussianMean(
        dimension=1, points=10, model_sigma=1.0, data_sigma=1.0, rate=0.1, noise=0.02, initial_variance=0.5
    )
    steps, copies = 5, 120
    paths = system.ensemble(steps, tasks=copies, datasets=6, seeds=3, seed=3)[..., 0].flatten(1, 2).numpy()
    cells = np.arange(-9, 9, 0.5)
    productions = []
    for path in paths:
        log_p = -0.5 * (cells - path[..., None]) ** 2
        log_p -= np.log(np.exp(log_p).sum(-1, keepdims=True))
        heat = -0.5 * np.square(np.diff(path, axis=1)).sum(1)
        looks = [measure(NESTING, log_p[:, [t]], blocks=(1,), permutations=1) for t in (0, steps)]
        productions.append(marginal_changes(looks[0], looks[1], heat)[0]["ep_marginal"].value)
    truth = system.exact(steps=steps)["ep_marginal"]
    error = np.std(productions, ddof=1) / math.sqrt(copies)
    assert abs(np.mean(productions) - truth) < 3.5 * error
    assert truth < 0


def test_different_members_are_refused() -> None:
    before, after, heat = _looks()
    mask = np.arange(18) != 4
    logits = np.zeros((18, 3, 5)) - math.log(5)
    with pytest.raises(SpecError, match="same `keep`"):
        marginal_changes(before, measure(NESTING, logits, keep=mask), heat)
    with pytest.raises(SpecError, match="one for each"):
        marginal_changes(before, after, heat[:5])


def test_stopping_point() -> None:
    steps = np.array([0, 10, 100, 1000, 10_000])
    point = label_free_stop(steps, np.array([2.3, 1.5, 0.9, 1.4, 2.0]), 0.05, np.array([2.3, 1.2, 0.8, 0.7, 1.6]))
    assert (point.step, point.index, point.resolved, point.best_step) == (100, 2, True, 1000)
    assert point.cost == pytest.approx(0.8 / 0.7 - 1)
    assert point.saving == pytest.approx(0.5)
    assert "14 % above the best" in str(point)


def test_a_minimum_at_the_end_is_not_resolved() -> None:
    falling = label_free_stop(np.arange(4), np.array([2.0, 1.5, 1.2, 1.1]), 0.01)
    assert not falling.resolved
    assert falling.step == 3
    noisy = label_free_stop(np.arange(4), np.array([2.0, 1.1, 1.15, 1.12]), 0.1)
    assert not noisy.resolved
    assert "no label-free stopping point" in str(noisy)
    with pytest.raises(SpecError, match="nowhere known"):
        label_free_stop(np.arange(2), np.full(2, np.nan))
