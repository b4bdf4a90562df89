"""Entropy production path by path: a naive transcription of Eq. 27, exact systems, and the fluctuation theorem."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy import ndarray

from szilard.errors import ModelError, RecordError
from szilard.reservoir import path_entropy
from szilard.reservoir.path_entropy import PathEntropy, gaussian_log_density
from szilard.systems import DraggedTrap, GaussianMean, Gyrator

TRAPS = [
    DraggedTrap(speed=speed, curvature=h, noise=c, rate=rate)
    for speed in (0.0, 0.1, -0.25)
    for rate in (0.1, 0.5, 1.3)
    for h, c in ((1.0, 2.0), (0.4, 0.5), (1.2, 1.0))
]


def naive(path: ndarray, means: list[ndarray], offsets: list[ndarray], noise: ndarray) -> float:
    """``ln P[θ|θ_0]/P[θ̃|θ_n]`` of one path: a product of normal densities, factor by factor."""

    def log_density(x: ndarray, mean: ndarray) -> float:
        d = len(x)
        return float(
            -0.5 * (x - mean) @ np.linalg.inv(noise) @ (x - mean)
            - 0.5 * math.log(np.linalg.det(noise))
            - 0.5 * d * math.log(2 * math.pi)
        )

    total = 0.0
    for t in range(len(path) - 1):
        total += log_density(path[t + 1], means[t] @ path[t] + offsets[t])
        total -= log_density(path[t], means[t] @ path[t + 1] + offsets[t])
    return total


@pytest.mark.parametrize("seed", range(20))
def test_transcription(seed: int) -> None:
    """Random kernels, another at each step, in one to four directions."""
    generator = np.random.default_rng(seed)
    d, steps = 1 + seed % 4, 6
    means = [0.5 * generator.normal(size=(d, d)) for _ in range(steps)]
    offsets = [generator.normal(size=d) for _ in range(steps)]
    root = generator.normal(size=(d, d))
    noise = root @ root.T + 0.3 * np.eye(d)
    path = generator.normal(size=(3, steps + 1, d))
    found = path_entropy(path, lambda theta, step: theta @ means[step].T + offsets[step], noise)
    assert isinstance(found, PathEntropy)
    expected = [naive(member, means, offsets, noise) for member in path]
    assert np.allclose(found.production, expected, rtol=1e-9, atol=1e-10)
    assert np.allclose(found.heat, np.negative(expected), rtol=1e-9, atol=1e-10)
    assert not found.surprisal_change.any()


@pytest.mark.parametrize("index", range(len(TRAPS)))
def test_dragged_traps_within_three_errors(index: int) -> None:
    trap = TRAPS[index]
    path = trap.simulate(20, members=2_000, seed=600 + index).theta.numpy()
    found = path_entropy(path, trap.step_mean, trap.step_noise)
    assert abs(found.mean().z(20 * trap.exact()["ep_rate"])) < 3


@pytest.mark.parametrize("index", range(len(TRAPS)))
def test_fluctuation_theorem(index: int) -> None:
    """``⟨e^{−σ}⟩ = 1`` with the densities of both ends, and σ = −q + Δs."""
    trap = TRAPS[index]
    steps = 2
    path = trap.simulate(steps, members=20_000, seed=700 + index).theta.numpy()
    variance = np.eye(1) * trap.exact()["parameter_variance"]
    start = gaussian_log_density(np.array([-trap.lag]), variance)
    end = gaussian_log_density(np.array([steps * trap.speed - trap.lag]), variance)
    found = path_entropy(path, trap.step_mean, trap.step_noise, start=start, end=end)
    assert abs(found.fluctuation().z(1.0)) < 3 or found.mean().value > 3
    assert np.allclose(found.production, found.surprisal_change - found.heat)


@pytest.mark.parametrize("gyrator", [Gyrator(rate=r, temperatures=t) for r in (0.05, 0.2) for t in ((1, 0.1), (1, 1))])
def test_stationary_gyrators(gyrator: Gyrator) -> None:
    steps = 100
    path = gyrator.simulate(steps, members=4_000, seed=3).theta.numpy()
    density = gaussian_log_density(np.zeros(2), gyrator.covariance)
    found = path_entropy(
        path, lambda theta, _: theta @ gyrator.step_map.T, gyrator.step_noise, start=density, end=density
    )
    truth = steps * gyrator.exact()["ep_rate"]
    if truth > 1e-6:
        assert abs(found.mean().z(truth)) < 3
    else:
        # a canonical chain in detailed balance: σ is 0 on every single path
        assert np.abs(found.production).max() < 1e-9 or abs(found.mean().z(0.0)) < 3


def test_detailed_balance_is_zero_on_every_path() -> None:
    """One temperature, one direction of relaxation: ln of the ratio telescopes to ln p(θ_0)/p(θ_n)."""
    trap = DraggedTrap(speed=0.0, curvature=1.0, noise=2.0, rate=0.3)
    path = trap.simulate(50, members=10, seed=4).theta.numpy()
    density = gaussian_log_density(np.zeros(1), np.eye(1) * trap.exact()["parameter_variance"])
    found = path_entropy(path, trap.step_mean, trap.step_noise, start=density, end=density)
    assert np.abs(found.production).max() < 1e-12


@pytest.mark.parametrize("rate", [0.4, 0.1, 0.02])
def test_relaxation_costs_the_divergence_from_its_end_at_any_rate(rate: float) -> None:
    """θ starts far off: Σ = KL(p_0‖p_∞) − KL(p_n‖p_∞). A small rate does not make learning quasi-static."""
    temperature, far = 0.5, 2.0
    trap = DraggedTrap(speed=0.0, curvature=1.0, noise=2 * temperature / rate, rate=rate)
    variance = trap.exact()["parameter_variance"]
    steps = math.ceil(8 / rate)
    generator = np.random.default_rng(5)
    theta = [far + math.sqrt(variance) * generator.normal(size=(4_000, 1))]
    for _ in range(steps):
        theta.append((1 - rate) * theta[-1] + math.sqrt(trap.step_noise) * generator.normal(size=(4_000, 1)))
    start, end = (gaussian_log_density(np.array([mean]), np.eye(1) * variance) for mean in (far, 0.0))
    found = path_entropy(np.stack(theta, 1), trap.step_mean, trap.step_noise, start=start, end=end)
    assert abs(found.mean().z(far**2 / (2 * variance))) < 3


def test_langevin_learning_of_a_gaussian_mean() -> None:
    """The library's own GaussianMean with explicit noise: Σ_{Θ|B} of given data, by the moments of θ."""
    system = GaussianMean(
        dimension=2, points=5, model_sigma=1.3, data_sigma=1.0, rate=0.3, noise=0.05, initial_variance=0.4
    )
    import torch

    generator = torch.Generator().manual_seed(6)
    data = torch.randn(5, 2, generator=generator, dtype=torch.float64)
    start = math.sqrt(0.4) * torch.randn(4_000, 2, generator=generator, dtype=torch.float64)
    steps, a = 6, 0.3 / 1.69
    path = system.simulate_given(data.expand(4_000, -1, -1), start, steps, generator=generator).numpy()
    centre = data.mean(0).numpy()
    rest = 0.05 / (1 - (1 - a) ** 2)

    def divergence(mean: ndarray, variance: float) -> float:
        return float(
            0.5 * (2 * (variance / rest - 1 - math.log(variance / rest)) + (mean - centre) @ (mean - centre) / rest)
        )

    decay = (1 - a) ** steps
    mean, variance = centre * (1 - decay), decay**2 * 0.4 + rest * (1 - decay**2)
    truth = divergence(np.zeros(2), 0.4) - divergence(mean, variance)
    found = path_entropy(
        path,
        lambda theta, _: theta - a * (theta - centre),
        0.05,
        start=gaussian_log_density(np.zeros(2), 0.4 * np.eye(2)),
        end=gaussian_log_density(mean, variance * np.eye(2)),
    )
    assert abs(found.mean().z(truth)) < 3
    assert abs(found.fluctuation().z(1.0)) < 3


def test_refusals() -> None:
    path = np.zeros((3, 4, 2))
    density = gaussian_log_density(np.zeros(2), np.eye(2))
    with pytest.raises(ModelError, match="leaves out a direction"):
        path_entropy(path, lambda theta, _: theta, np.diag([1.0, 0.0]))
    with pytest.raises(ModelError, match="leaves out a direction"):
        path_entropy(path, lambda theta, _: theta, 0.0)
    with pytest.raises(RecordError, match="give both, or neither"):
        path_entropy(path, lambda theta, _: theta, 1.0, start=density)
    with pytest.raises(RecordError, match="not finite"):
        path_entropy(path * np.nan, lambda theta, _: theta, 1.0)
    with pytest.raises(RecordError, match="one path has no error"):
        path_entropy(path[0], lambda theta, _: theta, 1.0).mean()
    with pytest.raises(ModelError, match="no inverse"):
        gaussian_log_density(np.zeros(2), np.diag([1.0, 0.0]))
