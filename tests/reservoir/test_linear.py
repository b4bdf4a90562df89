"""Stationary covariances and fits of linear dynamics, against iteration and against naive least squares."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy import ndarray

from szilard.errors import ModelError, RecordError
from szilard.reservoir.linear import LinearFit, fit_linear, stationary_covariance, stationary_covariance_continuous
from szilard.reservoir.path_moments import PathMoments
from szilard.systems import Gyrator, HeavyBall


def random_dynamics(seed: int, dimension: int) -> tuple[ndarray, ndarray]:
    """A contracting map, not normal, and a full covariance."""
    generator = np.random.default_rng(seed)
    step_map = generator.normal(size=(dimension, dimension))
    step_map *= 0.8 / np.abs(np.linalg.eigvals(step_map)).max()
    root = generator.normal(size=(dimension, dimension))
    return step_map, root @ root.T + 0.1 * np.eye(dimension)


@pytest.mark.parametrize("seed", range(20))
def test_stationary_covariance_by_iteration(seed: int) -> None:
    step_map, noise = random_dynamics(seed, 1 + seed % 5)
    covariance = np.zeros_like(noise)
    for _ in range(400):
        covariance = step_map @ covariance @ step_map.T + noise
    assert np.allclose(stationary_covariance(step_map, noise), covariance, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_continuous_covariance_by_the_series_of_the_exponential(seed: int) -> None:
    """``Σ = 2∫ e^{−At} D e^{−Aᵀt} dt`` as a sum over small steps (second order, Richardson)."""
    from scipy import linalg

    generator = np.random.default_rng(seed)
    dimension = 1 + seed % 4
    drift = generator.normal(size=(dimension, dimension))
    drift += (0.5 - np.linalg.eigvals(drift).real.min()) * np.eye(dimension)
    root = generator.normal(size=(dimension, dimension))
    diffusion = root @ root.T

    def by_steps(step: float) -> ndarray:
        decay = linalg.expm(-step * drift)
        term, total = np.eye(dimension), np.zeros((dimension, dimension))
        for index in range(int(40 / step)):
            total += (0.5 if index == 0 else 1.0) * term @ diffusion @ term.T
            term = decay @ term
        return 2 * step * total

    coarse, fine = by_steps(0.02), by_steps(0.01)
    covariance = stationary_covariance_continuous(drift, diffusion)
    assert np.allclose(covariance, fine + (fine - coarse) / 3, rtol=1e-5, atol=1e-6)


def test_published_discrete_form() -> None:
    """SGD at a quadratic minimum with any C: ``ΣH + HΣ − rHΣH = rC`` (Ziyin et al. 2021)."""
    hessian, noise = np.array([[2.0, 0.4], [0.4, 1.0]]), np.array([[1.0, 0.3], [0.3, 0.5]])
    covariance = stationary_covariance(np.eye(2) - 0.2 * hessian, 0.04 * noise)
    left = covariance @ hessian + hessian @ covariance - 0.2 * hessian @ covariance @ hessian
    assert np.allclose(left, 0.2 * noise, rtol=1e-12)


@pytest.mark.parametrize("members", [None, 7])
def test_fit_by_naive_least_squares(members: int | None) -> None:
    path = Gyrator(rate=0.2).simulate(50, members=members, seed=3).theta.numpy() + 5.0
    flat = path.reshape(-1, *path.shape[-2:])
    before = np.concatenate([member[:-1] for member in flat])
    after = np.concatenate([member[1:] for member in flat])
    design = np.concatenate([before, np.ones((len(before), 1))], 1)
    solution, *_ = np.linalg.lstsq(design, after, rcond=None)
    residual = after - design @ solution
    fit = fit_linear(path)
    assert isinstance(fit, LinearFit)
    assert np.allclose(fit.step_map, solution[:-1].T, rtol=1e-9, atol=1e-12)
    assert np.allclose(fit.step_noise, residual.T @ residual / len(residual), rtol=1e-8, atol=1e-12)
    assert fit.steps == len(before)
    assert np.allclose(fit.mean, before.mean(0))
    expected = 0.5 * (np.cov(before.T, bias=True) + np.cov(after.T, bias=True))
    assert np.allclose(fit.covariance, expected, rtol=1e-9)


def test_fit_finds_the_dynamics() -> None:
    gyrator = Gyrator(rate=0.2)
    fit = fit_linear(gyrator.simulate(2_000, members=100, seed=4).theta.numpy())
    assert np.allclose(fit.step_map, gyrator.step_map, atol=0.01)
    assert np.allclose(fit.step_noise, gyrator.step_noise, rtol=0.02, atol=0.002)


@pytest.mark.parametrize("blocks", [1, 4, 13])
@pytest.mark.parametrize("members", [1, 3])
def test_blocks_add_up_and_leave_out(blocks: int, members: int) -> None:
    """Moments with a block left out are those of the other transitions, one by one."""
    path = np.random.default_rng(5).normal(size=(members, 40, 2)).cumsum(1) + 100
    moments = PathMoments.of(path, blocks=blocks)
    rows = np.concatenate([np.ones((members, 39, 1)), path[:, :-1], path[:, 1:]], -1)
    rows[..., 1:] -= np.tile(path.mean((0, 1)), 2)
    outer = rows[..., :, None] * rows[..., None, :]
    assert np.allclose(moments.whole(), outer.mean((0, 1)))
    assert moments.steps == members * 39
    assert moments.blocks == members * math.ceil(blocks / members)
    if moments.blocks > 1:
        keep = np.ones((members, 39), dtype=bool)
        keep[0, : round(39 / (moments.blocks / members))] = False
        assert np.allclose(moments.left_out()[0], outer[keep].mean(0))


def test_jackknife_of_a_mean_is_its_classical_error() -> None:
    path = np.random.default_rng(6).normal(size=(50, 2, 1))
    path = np.concatenate([path, path[:, :1]], 1)
    moments = PathMoments.of(path, blocks=50)
    estimate = moments.jackknife(lambda mean: mean[..., 0, 1])
    values = path[:, :2, 0].mean(1)
    assert estimate.value == pytest.approx(values.mean() - path.mean(), rel=1e-10)
    assert estimate.error == pytest.approx(values.std(ddof=1) / math.sqrt(50), rel=1e-10)
    assert estimate.degrees_of_freedom == 49


@pytest.mark.parametrize(
    ("step_map", "noise", "message"),
    [
        (np.eye(2), np.eye(2), "stationary state only below 1"),
        (np.ones((2, 3)), np.eye(2), "give a square matrix"),
        (np.array([[np.nan]]), np.eye(1), "not finite"),
    ],
)
def test_refused_matrices(step_map: ndarray, noise: ndarray, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        stationary_covariance(step_map, noise)


def test_refused_drift() -> None:
    with pytest.raises(ModelError, match="stationary state only where all are above 0"):
        stationary_covariance_continuous(np.diag([1.0, 0.0]), np.eye(2))


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (np.zeros(10), "members leading"),
        (np.zeros((2, 2)), "at least three"),
        (np.full((10, 2), np.nan), "not finite"),
    ],
)
def test_refused_paths(path: ndarray, message: str) -> None:
    with pytest.raises(RecordError, match=message):
        fit_linear(path)


def test_series_that_do_not_pair() -> None:
    with pytest.raises(RecordError, match="do not pair"):
        PathMoments.of_two(np.zeros((10, 2)), np.zeros((9, 2)))


def test_sgd_on_a_quadratic_is_linear_dynamics() -> None:
    ball = HeavyBall(curvature=(0.5, 2.0), noise=(1.0, 0.2), rate=0.3)
    covariance = stationary_covariance(np.diag([1 - 0.3 * 0.5, 1 - 0.3 * 2.0]), 0.09 * np.diag([1.0, 0.2]))
    assert np.diag(covariance) == pytest.approx(ball.by_direction()["parameter_variance"], rel=1e-12)
