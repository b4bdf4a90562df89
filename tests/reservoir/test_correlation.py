"""Correlation of noise: transcriptions, epochs enumerated, and a descent whose own noise steers it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from szilard.errors import RecordError, SpecError
from szilard.reservoir import covariance_of_gram, noise_autocorrelation, noise_covariance, shuffled_autocorrelation
from szilard.reservoir.correlation import covariance_draws


def _coloured(steps: int, dimension: int, rho: float, generator: np.random.Generator) -> np.ndarray:
    noise = generator.normal(size=(steps, dimension))
    for step in range(1, steps):
        noise[step] = rho * noise[step - 1] + np.sqrt(1 - rho**2) * noise[step]
    return noise


def test_transcription() -> None:
    d = np.random.default_rng(0).normal(size=(6, 4))
    found = noise_covariance(d, [0, 1, 3], fresh_share=0.25)
    for lag, value in zip((0, 1, 3), found.value, strict=True):
        wanted = np.mean([sum(d[s] * d[s + lag]) for s in range(6 - lag)]) / 4
        assert value == pytest.approx(wanted * (0.75 if lag == 0 else 1), rel=1e-12)
    products = [d[s] @ d[t] / 4 for s, t in itertools.combinations(range(6), 2)]
    spread = np.sqrt(np.mean(np.square(products)))
    assert found.error[1:] == pytest.approx([spread / np.sqrt(5), spread / np.sqrt(3)], rel=1e-12)
    squares = [0.75 * d[s] @ d[s] / 4 for s in range(6)]
    assert found.error[0] == pytest.approx(np.std(squares, ddof=1) / np.sqrt(6), rel=1e-12)
    tensor = noise_covariance(torch.from_numpy(d), [0, 1, 3], fresh_share=0.25)
    assert np.allclose(tensor.value, found.value, rtol=1e-12)


def test_bursts_are_averaged() -> None:
    d = np.random.default_rng(0).normal(size=(5, 6, 4))
    grams = d @ d.transpose(0, 2, 1)
    found = covariance_of_gram(grams, [1, 2], 4)
    singles = np.array([covariance_of_gram(gram, [1, 2], 4).value for gram in grams])
    assert np.allclose(found.value, singles.mean(0), rtol=1e-12)
    assert np.allclose(found.error, singles.std(0, ddof=1) / np.sqrt(5), rtol=1e-12)
    assert found.degrees_of_freedom == 4
    assert [len(draws) for draws in covariance_draws(grams, [0, 3], 4)] == [5, 5]


def test_coloured_noise_of_the_loop_shows_and_the_fresh_noise_does_not() -> None:
    generator = np.random.default_rng(1)
    grams = []
    for _ in range(200):
        d = 0.5 * generator.normal(size=(12, 50)) - _coloured(12, 50, 0.4, generator)
        grams.append(d @ d.T)
    # The fresh batch is four times larger: a fifth of the variance at lag 0.
    covariance = covariance_of_gram(np.array(grams), range(5), 50, fresh_share=0.2)
    correlation = noise_autocorrelation(np.array(grams), range(5), fresh_share=0.2)
    truth = 0.4 ** np.arange(5)
    assert (np.abs(covariance.z(truth)) < 3.5).all()
    assert (np.abs((correlation.value - truth)[1:] / correlation.error[1:]) < 3.5).all()
    assert (correlation.value[0], correlation.error[0]) == (1.0, 0.0)


def test_noise_that_steers_the_parameters_stays_uncorrelated() -> None:
    """Descent in a steep quadratic: θ carries old noise, paired differences do not."""
    generator = np.random.default_rng(2)
    theta, grams = np.zeros((400, 30)), np.zeros((400, 8, 8))
    differences = []
    for _ in range(8):
        loop, fresh = theta + generator.normal(size=(2, 400, 30))
        differences.append(fresh - loop)
        theta = theta - 0.5 * loop
    d = np.array(differences).transpose(1, 0, 2)
    grams = d @ d.transpose(0, 2, 1)
    found = covariance_of_gram(grams, range(8), 30)
    assert (np.abs(found.z(np.eye(8)[0])) < 3.5).all()


@pytest.mark.parametrize("batches", [2, 3, 4])
def test_shuffled_epochs_enumerated(batches: int) -> None:
    """Two epochs in every order, from every place of the first: the noise of fixed values that add up to zero."""
    values = np.arange(batches) - (batches - 1) / 2
    variance = np.square(values).mean()
    orders = list(itertools.permutations(values))
    for lag in range(batches + 1):
        total = [
            (first + second)[place] * (first + second)[place + lag]
            for first in orders
            for second in orders
            for place in range(batches)
            if place + lag < 2 * batches
        ]
        assert shuffled_autocorrelation(batches, lag) == pytest.approx(np.mean(total) / variance, abs=1e-12)


@pytest.mark.parametrize("batches", [2, 17, 600])
def test_both_signs_of_the_lag_cancel_the_variance(batches: int) -> None:
    total = 1 + 2 * sum(shuffled_autocorrelation(batches, lag) for lag in range(1, batches))
    assert total == pytest.approx(0, abs=1e-12)


def test_refusals() -> None:
    with pytest.raises(SpecError, match="full gradient"):
        shuffled_autocorrelation(1, 0)
    with pytest.raises(SpecError, match="forwards"):
        shuffled_autocorrelation(3, -1)
    with pytest.raises(SpecError, match="between 0 and 2"):
        covariance_of_gram(np.eye(3), [3], 1)
    with pytest.raises(RecordError, match="Gram matrix"):
        covariance_of_gram(np.ones((3, 2)), [1], 1)
