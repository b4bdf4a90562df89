"""Closed forms of shuffled epochs, by enumerating every order of small data sets."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from szilard.errors import SpecError
from szilard.systems import ShuffledQuadratic


def enumerated(batches: int, h: float, r: float, noise: float) -> dict[str, float]:
    """Moments over all orders of one data set: ends of epochs by their fixed point, places by adding up."""
    data = np.random.default_rng(1).normal(size=batches)
    data = (data - data.mean()) * math.sqrt(noise) / data.std()
    a = 1 - r * h
    pushes, places, mixed = [], np.zeros(batches), np.zeros(batches)
    orders = list(itertools.permutations(data))
    for order in orders:
        theta = 0.0
        for t, xi in enumerate(order):
            places[t] += theta**2 / len(orders)
            mixed[t] += theta * xi / len(orders)
            theta = a * theta - r * xi
        pushes.append(theta)
    end = float(np.mean(np.square(pushes))) / (1 - a ** (2 * batches))
    squares = places + end * a ** (2 * np.arange(batches))
    gradient = h * h * squares + 2 * h * mixed + noise
    return {
        "parameter_variance": float(squares.mean()),
        "parameter_variance_epoch_end": end,
        "temperature_kinetic": 0.5 * r * float(gradient.mean()),
        "fdr_ratio": float((h * squares + mixed).mean() / (0.5 * r * gradient.mean())),
    }


@pytest.mark.parametrize("batches", [2, 3, 6])
@pytest.mark.parametrize(("h", "r"), [(0.05, 0.3), (1.0, 0.3), (5.0, 0.3), (1.0, 1.0)])
def test_by_enumeration_of_orders(batches: int, h: float, r: float) -> None:
    truth = enumerated(batches, h, r, noise=0.7)
    answers = ShuffledQuadratic(batches=batches, curvature=h, rate=r, noise=0.7).exact()
    for name, value in truth.items():
        assert answers[name] == pytest.approx(value, rel=1e-10), name


@pytest.mark.parametrize(("x", "ratio"), [(0.1, 0.001), (1.0, 0.08), (10.0, 0.83)])
def test_published_ratios(x: float, ratio: float) -> None:
    """Variance at ends of epochs over that of independent batches at rhM = x, for M = 60."""
    answers = ShuffledQuadratic(batches=60, curvature=x / 6, rate=0.1).exact()
    assert answers["variance_ratio"] == pytest.approx(ratio, rel=0.25 if x < 1 else 0.04)
    assert answers["variance_ratio"] < 1


def test_long_epochs_in_the_limit() -> None:
    """``1 − (2/x) tanh(x/2)`` for many batches."""
    for x in (0.1, 1.0, 10.0):
        answers = ShuffledQuadratic(batches=20_000, curvature=x, rate=1 / 20_000).exact()
        assert answers["variance_ratio"] == pytest.approx(1 - 2 / x * math.tanh(x / 2), rel=2e-3)


@pytest.mark.parametrize("batches", [2, 5, 60])
def test_autocorrelation_adds_up_to_nothing(batches: int) -> None:
    """Summed over both signs of the lag: the Green–Kubo temperature is 0."""
    system = ShuffledQuadratic(batches=batches, curvature=1.0, rate=0.1)
    total = sum(system.noise_autocorrelation(lag) for lag in range(-batches, batches + 1))
    assert total == pytest.approx(0, abs=1e-14)
    assert system.exact()["temperature_green_kubo"] == 0
    assert system.noise_autocorrelation(1) == pytest.approx(-1 / batches)


def test_autocorrelation_of_the_simulated_noise() -> None:
    system = ShuffledQuadratic(batches=5, curvature=0.5, rate=0.3, noise=0.8, batch_size=3)
    motion = system.simulate(40, members=4_000, seed=3)
    noise = (motion.gradient - motion.force[:, :-1])[..., 0]
    for lag in range(8):
        per_member = (noise[:, :30] * noise[:, lag : 30 + lag]).mean(1)  # six whole epochs: places weigh the same
        error = float(per_member.std()) / math.sqrt(len(per_member))
        truth = 0.8 * system.noise_autocorrelation(lag)
        assert abs(float(per_member.mean()) - truth) <= 3.5 * error + 1e-12, lag


def test_every_example_is_used_once_an_epoch() -> None:
    """The noises of each epoch add up to nothing."""
    motion = ShuffledQuadratic(batches=4, curvature=0.5, rate=0.3, batch_size=2).simulate(12, members=3, seed=1)
    noise = (motion.gradient - motion.force[:, :-1])[..., 0].reshape(3, 3, 4)
    assert torch.allclose(noise.sum(-1), torch.zeros(3, 3, dtype=torch.float64), atol=1e-13)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"batches": 1}, "batches is 1"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"curvature": 0.0}, "curvature is 0.0"),
        ({"rate": 2.0}, "diverges"),
        ({"noise": -1.0}, "noise is -1.0"),
    ],
)
def test_refusals(changed: dict[str, float], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        ShuffledQuadratic(**{"batches": 4, "curvature": 1.0, "rate": 0.1, **changed})
