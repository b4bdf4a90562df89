"""Detailed balance: the effect against exact dynamics, the size of the test where it holds, its power elsewhere."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy import ndarray

from szilard.errors import RecordError
from szilard.reservoir import detailed_balance, ep_rate_ar1, irreversibility
from szilard.reservoir.detailed_balance import DetailedBalance
from szilard.reservoir.linear import stationary_covariance
from szilard.systems import Gyrator, HeavyBall

GYRATORS = [
    Gyrator(rate=rate, stiffness=stiffness, temperatures=temperatures, angle=angle)
    for rate in (0.05, 0.2)
    for stiffness in ((1.0, 2.0), (0.3, 3.0))
    for temperatures in ((1.0, 0.1), (0.5, 0.6), (0.4, 0.4))
    for angle in (0.0, math.pi / 4)
]


def naive(step_map: ndarray, noise: ndarray) -> float:
    """Element by element: whitened correlation, its two parts, the ratio of their squares."""
    covariance = stationary_covariance(step_map, noise)
    root = np.linalg.cholesky(covariance)  # another whitening: it differs by a rotation only
    whitened = np.linalg.solve(root, step_map @ root)
    turning = relaxing = 0.0
    for i in range(len(whitened)):
        for j in range(len(whitened)):
            turning += (0.5 * (whitened[i, j] - whitened[j, i])) ** 2
            relaxing += (float(i == j) - 0.5 * (whitened[i, j] + whitened[j, i])) ** 2
    return turning / relaxing


@pytest.mark.parametrize("gyrator", GYRATORS)
def test_effect_of_known_dynamics(gyrator: Gyrator) -> None:
    effect = irreversibility(gyrator.step_map, gyrator.step_noise)
    assert effect == pytest.approx(naive(gyrator.step_map, gyrator.step_noise), rel=1e-8, abs=1e-14)
    produces = ep_rate_ar1(gyrator.step_map, gyrator.step_noise) > 1e-10
    assert (effect > 1e-10) == produces


def test_effect_has_a_limit_for_small_steps() -> None:
    """The angle turned through in a relaxation time: it does not depend on how finely time is cut."""
    effects = [irreversibility(g.step_map, g.step_noise) for g in (Gyrator(rate=r) for r in (0.02, 0.01, 0.005))]
    assert effects[0] == pytest.approx(effects[2], rel=0.03)
    assert abs(effects[1] - effects[2]) < 0.6 * abs(effects[0] - effects[1])


@pytest.mark.parametrize("index", range(len(GYRATORS)))
def test_effect_within_three_errors(index: int) -> None:
    gyrator = GYRATORS[index]
    path = gyrator.simulate(800, members=40, seed=400 + index).theta.numpy()
    found = detailed_balance(path)
    assert isinstance(found, DetailedBalance)
    truth = irreversibility(gyrator.step_map, gyrator.step_noise)
    assert abs(found.irreversibility.z(truth)) < 3
    if truth > 0.02:
        assert found.p_value < 0.01
        assert found.irreversibility.interval()[0] > 0


@pytest.mark.parametrize("dimension", [2, 6])
def test_size(dimension: int) -> None:
    """Independent directions: at 5 % one in twenty is called unbalanced (binomial, 4 sigma for 300 paths)."""
    ball = HeavyBall(curvature=tuple(0.5 + 0.3 * i for i in range(dimension)), noise=1.0, rate=0.2)
    paths = ball.simulate(500, members=300, seed=6).theta.numpy()
    found = [detailed_balance(path, seed=index) for index, path in enumerate(paths)]
    alarms = np.mean([one.p_value < 0.05 for one in found])
    assert abs(alarms - 0.05) < 4 * math.sqrt(0.05 * 0.95 / 300)
    values = np.array([one.irreversibility.value for one in found])
    assert abs(values.mean()) < 3.5 * values.std(ddof=1) / math.sqrt(300)
    assert (values < 0).mean() > 0.3, "negative estimates are kept"


def test_power() -> None:
    """A gyrator of EP .07 a step is found out in 1,000 steps."""
    paths = Gyrator(rate=0.1).simulate(1_000, members=50, seed=7).theta.numpy()
    assert np.mean([detailed_balance(path).p_value < 0.05 for path in paths]) > 0.95


def test_two_temperatures_in_detailed_balance() -> None:
    """Aligned with the axes: two temperatures, no current. Another test (canonical) sees it, this one must not."""
    path = Gyrator(rate=0.1, angle=0.0).simulate(1_000, members=40, seed=8).theta.numpy()
    found = detailed_balance(path)
    low, high = found.irreversibility.interval()
    assert low <= 0 <= high
    assert high < 0.01
    assert found.p_value > 0.01


def test_pure_noise_flows_nowhere() -> None:
    """White noise without any memory, and increments of a free walk."""
    noise = np.random.default_rng(3).normal(size=(2_000, 4))
    found = detailed_balance(noise)
    assert found.p_value > 0.01
    assert abs(found.irreversibility.z(0.0)) < 3


def test_current_is_antisymmetric_and_turns_with_time() -> None:
    path = Gyrator(rate=0.1).simulate(1_000, members=20, seed=9).theta.numpy()
    forward, backward = (detailed_balance(p, blocks=20) for p in (path, path[:, ::-1]))
    assert np.allclose(forward.current, -forward.current.T)
    assert np.allclose(backward.current, -forward.current, atol=1e-3)
    assert forward.blocks == 20


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (np.random.default_rng(0).normal(size=(50, 1)), "detailed balance always"),
        (np.zeros((50, 2)), "does not move"),
        (np.full((50, 2), np.nan), "not finite"),
        (np.zeros((2, 2)), "at least three"),
    ],
)
def test_refusals(path: ndarray, message: str) -> None:
    with pytest.raises(RecordError, match=message):
        detailed_balance(path)
