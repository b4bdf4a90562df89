"""Entropy production: exact rates by definition, fits against exact systems, and pure noise that produces none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy import ndarray
from scipy import linalg

from szilard.errors import ModelError, RecordError
from szilard.reservoir import ep_rate_ar1, ep_rate_fitted, ep_rate_fitted_ou, ep_rate_ou
from szilard.reservoir.linear import stationary_covariance, stationary_covariance_continuous
from szilard.systems import Gyrator, HeavyBall

pytestmark = pytest.mark.slow

GYRATORS = [
    Gyrator(rate=rate, stiffness=stiffness, temperatures=temperatures, angle=angle)
    for rate in (0.05, 0.2)
    for stiffness in ((1.0, 2.0), (0.3, 3.0))
    for temperatures in ((1.0, 0.1), (0.5, 0.6), (0.4, 0.4))
    for angle in (0.0, math.pi / 4)
]


def random_chain(seed: int) -> tuple[ndarray, ndarray]:
    generator = np.random.default_rng(seed)
    dimension = 1 + seed % 4
    step_map = generator.normal(size=(dimension, dimension))
    step_map *= generator.uniform(0.3, 0.95) / np.abs(np.linalg.eigvals(step_map)).max()
    root = generator.normal(size=(dimension, dimension))
    return step_map, root @ root.T + 0.2 * np.eye(dimension)


def by_definition(step_map: ndarray, noise: ndarray) -> float:
    """⟨ln p(θ'|θ)/p(θ|θ')⟩ over the stationary state, term by term in float64."""
    covariance = np.zeros_like(noise)
    for _ in range(2_000):
        covariance = step_map @ covariance @ step_map.T + noise
    inverse, lagged = np.linalg.inv(noise), covariance @ step_map.T
    total = 0.0
    d = len(noise)
    backward = covariance - lagged @ step_map.T - step_map @ lagged.T + step_map @ covariance @ step_map.T
    for i in range(d):
        for j in range(d):
            total += 0.5 * inverse[i, j] * (backward[j, i] - noise[j, i])
    return total


@pytest.mark.parametrize("seed", range(24))
def test_chain_by_definition(seed: int) -> None:
    step_map, noise = random_chain(seed)
    assert ep_rate_ar1(step_map, noise) == pytest.approx(by_definition(step_map, noise), rel=1e-8, abs=1e-10)


@pytest.mark.parametrize("seed", range(24))
def test_continuous_rate_is_the_limit_of_small_steps(seed: int) -> None:
    """Exactly sampled more and more densely: the deviation falls with the step."""
    generator = np.random.default_rng(seed)
    dimension = 1 + seed % 4
    drift = generator.normal(size=(dimension, dimension))
    drift += (0.5 - np.linalg.eigvals(drift).real.min()) * np.eye(dimension)
    root = generator.normal(size=(dimension, dimension))
    diffusion = root @ root.T + 0.2 * np.eye(dimension)
    covariance = stationary_covariance_continuous(drift, diffusion)
    rate = ep_rate_ou(drift, diffusion)
    assert rate == pytest.approx(ep_rate_ou(drift, diffusion, covariance), rel=1e-12)
    gaps = []
    for step in (1e-3, 5e-4):
        step_map = linalg.expm(-step * drift)
        gaps.append(ep_rate_ar1(step_map, covariance - step_map @ covariance @ step_map.T) / step - rate)
    assert abs(gaps[1]) <= 0.6 * abs(gaps[0]) + 1e-6 * (1 + rate)
    assert abs(gaps[1]) < 0.02 * rate + 1e-6
    assert rate > -1e-12


@pytest.mark.parametrize("gyrator", GYRATORS)
def test_gyrators_in_closed_form(gyrator: Gyrator) -> None:
    assert ep_rate_ou(gyrator.hessian, gyrator.diffusion) == pytest.approx(gyrator.ep_rate_continuous, abs=1e-12)
    found = ep_rate_ar1(gyrator.step_map, gyrator.step_noise)
    assert found / gyrator.rate == pytest.approx(gyrator.ep_rate_discretised, rel=1e-9, abs=1e-11)


@pytest.mark.parametrize("index", range(len(GYRATORS)))
def test_fitted_within_three_errors(index: int) -> None:
    gyrator = GYRATORS[index]
    path = gyrator.simulate(800, members=40, seed=200 + index).theta.numpy()
    found = ep_rate_fitted(path)
    assert abs(found.z(gyrator.exact()["ep_rate"])) < 3
    assert found.error < 0.1 * found.value + 1e-3


def test_naive_jackknife() -> None:
    """Least squares of each set of blocks but one, by numpy, and the exact rate of what it finds."""
    path = Gyrator(rate=0.2).simulate(240, seed=5).theta.numpy()
    found = ep_rate_fitted(path, blocks=12)

    def rate(keep: ndarray) -> float:
        before, after = path[:-1][keep], path[1:][keep]
        design = np.concatenate([before, np.ones((len(before), 1))], 1)
        solution = np.linalg.lstsq(design, after, rcond=None)[0]
        residual = after - design @ solution
        return by_definition(solution[:-1].T, residual.T @ residual / len(residual))

    every = np.ones(240, dtype=bool)
    left = []
    for block in range(12):
        keep = every.copy()
        keep[20 * block : 20 * (block + 1)] = False
        left.append(rate(keep))
    value = 12 * rate(every) - 11 * np.mean(left)
    assert found.value == pytest.approx(value, rel=1e-7)
    scatter = math.sqrt(2) * (rate(every) - value)  # of one squared current, by its bias
    assert found.error == pytest.approx(math.sqrt(11 * np.var(left) + scatter**2), rel=1e-7)
    assert found.degrees_of_freedom == 11


@pytest.mark.parametrize(("dimension", "steps"), [(4, 1_000), (6, 1_000), (12, 4_000)])
def test_far_from_equilibrium_in_many_directions(dimension: int, steps: int) -> None:
    """Tens to hundreds of nats a step: noise far smaller in some directions than the path is wide."""
    generator = np.random.default_rng(3)
    step_map = generator.normal(size=(dimension, dimension))
    step_map *= 0.9 / np.abs(np.linalg.eigvals(step_map)).max()
    root = generator.normal(size=(dimension, dimension))
    noise = root @ root.T + 0.3 * np.eye(dimension)
    truth = ep_rate_ar1(step_map, noise)
    assert truth > 20
    start, push = np.linalg.cholesky(stationary_covariance(step_map, noise)), np.linalg.cholesky(noise)
    path = [generator.normal(size=(30, dimension)) @ start.T]
    for _ in range(steps):
        path.append(path[-1] @ step_map.T + generator.normal(size=(30, dimension)) @ push.T)
    found = [ep_rate_fitted(one) for one in np.stack(path, 1)]
    deviations = np.array([one.z(truth) for one in found])
    assert np.abs(deviations).max() < 4.5
    assert abs(deviations.mean()) < 4 / math.sqrt(30)
    assert 0.4 < np.square(deviations).mean() < 2


def exactly_sampled(gyrator: Gyrator, interval: float, points: int, members: int, seed: int) -> ndarray:
    """The continuous process itself, at points ``interval`` apart."""
    step_map = linalg.expm(-interval * gyrator.hessian)
    covariance = stationary_covariance_continuous(gyrator.hessian, gyrator.diffusion)
    root = np.linalg.cholesky(covariance - step_map @ covariance @ step_map.T)
    generator = np.random.default_rng(seed)
    path = [generator.normal(size=(members, 2)) @ np.linalg.cholesky(covariance).T]
    for _ in range(points - 1):
        path.append(path[-1] @ step_map.T + generator.normal(size=(members, 2)) @ root.T)
    return np.stack(path, 1)


@pytest.mark.parametrize("interval", [0.05, 0.2, 0.6])
def test_continuous_fit_sees_through_the_sampling(interval: float) -> None:
    """The rate in continuous time, also where the points alone show much less."""
    gyrator = Gyrator(rate=0.1)
    path = exactly_sampled(gyrator, interval, 600, 40, seed=3)
    found = ep_rate_fitted_ou(path, interval)
    assert abs(found.z(0.675)) < 3
    assert found.error < 0.07
    visible = ep_rate_fitted(path)
    step_map = linalg.expm(-interval * gyrator.hessian)
    covariance = stationary_covariance_continuous(gyrator.hessian, gyrator.diffusion)
    truth = ep_rate_ar1(step_map, covariance - step_map @ covariance @ step_map.T)
    assert abs(visible.z(truth)) < 3
    assert truth / interval < 0.675


def test_debiased_where_nothing_is_produced() -> None:
    """Six independent directions: fifteen currents, each of which the plug-in would count. Mean over 60 paths."""
    ball = HeavyBall(curvature=tuple(0.5 + 0.3 * i for i in range(6)), noise=1.0, rate=0.2)
    paths = ball.simulate(600, members=60, seed=5).theta.numpy()
    found = [ep_rate_fitted(path) for path in paths]
    values = np.array([one.value for one in found])
    spread = values.std(ddof=1)
    assert abs(values.mean()) < 3.5 * spread / math.sqrt(60)
    assert (values < 0).any(), "negative estimates are kept"
    plug_in = np.array([_plug_in(path) for path in paths])
    assert plug_in.mean() > 5 * spread / math.sqrt(60), "what is being corrected"
    assert 0.7 < np.mean([one.error for one in found]) / spread < 2.2


def _plug_in(path: ndarray) -> float:
    before, after = path[:-1] - path.mean(0), path[1:] - path.mean(0)
    covariance = 0.5 * (before.T @ before + after.T @ after) / len(before)
    lagged = after.T @ before / len(before)
    forward = np.block([[covariance, lagged.T], [lagged, covariance]])
    backward = np.block([[covariance, lagged], [lagged.T, covariance]])
    return float(0.5 * (np.trace(np.linalg.inv(backward) @ forward) - 2 * len(covariance)))


def test_one_direction_produces_nothing() -> None:
    path = HeavyBall(curvature=1.0, noise=1.0, rate=0.2).simulate(300, seed=1).theta.numpy()
    assert ep_rate_fitted(path).value == pytest.approx(0, abs=1e-12)


def test_rank_deficient_noise_is_infinite() -> None:
    step_map = np.array([[0.8, 0.1], [0.0, 0.5]])
    assert math.isinf(ep_rate_ar1(step_map, np.diag([0.0, 1.0])))
    assert math.isinf(ep_rate_ou(np.eye(2) - 0.5 * step_map, np.diag([0.0, 1.0])))
    momentum = np.array([[1 - 0.1, -0.09], [1.0, 0.9]])  # heavy ball in (θ, v)
    assert math.isinf(ep_rate_ar1(momentum, np.outer([-0.1, 1.0], [-0.1, 1.0])))


def test_invariant_under_changes_of_coordinates() -> None:
    step_map, noise = random_chain(7)
    turn = np.random.default_rng(1).normal(size=step_map.shape)
    inverse = np.linalg.inv(turn)
    changed = ep_rate_ar1(turn @ step_map @ inverse, turn @ noise @ turn.T)
    assert changed == pytest.approx(ep_rate_ar1(step_map, noise), rel=1e-9)
    path = Gyrator(rate=0.2).simulate(200, members=12, seed=2).theta.numpy()
    turn = np.array([[2.0, 0.3], [-1.0, 0.5]])
    turned, plain = (ep_rate_fitted(p, blocks=24).value for p in (path @ turn.T + 7.0, path))
    assert turned == pytest.approx(plain, rel=1e-7)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda: ep_rate_ar1(np.eye(2), np.eye(2)), "stationary state"),
        (lambda: ep_rate_ar1(0.5 * np.eye(2), np.diag([1.0, -1.0])), "negative variance"),
        (lambda: ep_rate_ou(-np.eye(2), np.eye(2)), "stationary state"),
    ],
)
def test_refused_matrices(function: object, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        function()  # type: ignore[operator]


def test_refused_paths() -> None:
    still = np.random.default_rng(0).normal(size=(200, 2))
    still[:, 1] = 3.0
    with pytest.raises(RecordError, match="does not move in some direction"):
        ep_rate_fitted(still)
    walk = np.random.default_rng(1).normal(size=(40, 2)).cumsum(0)
    with pytest.raises(RecordError, match="does not contract"):
        ep_rate_fitted(np.exp(0.2 * np.arange(40))[:, None] + 0.1 * walk)
    flips = HeavyBall(curvature=(1.0, 1.2), noise=1.0, rate=1.5).simulate(400, seed=3).theta.numpy()
    with pytest.raises(RecordError, match="no stationary process in continuous time"):
        ep_rate_fitted_ou(flips, 1.0)
