"""Participation ratios of Gaussians with known covariance."""

from __future__ import annotations

import numpy as np
import pytest

from szilard.errors import RecordError
from szilard.reservoir import participation_ratio
from szilard.reservoir.noise_scale import participation_of_gram

SPECTRA = {"isotropic": np.ones(50), "one": np.eye(50)[0], "power": 1 / np.arange(1, 51)}


def test_transcription() -> None:
    x = np.random.default_rng(0).normal(size=(5, 3))

    def ratio(rows: np.ndarray) -> float:
        pairs = [(i, j) for i in range(len(rows)) for j in range(len(rows)) if i != j]
        above = sum((rows[i] @ rows[i]) * (rows[j] @ rows[j]) for i, j in pairs)
        return above / sum((rows[i] @ rows[j]) ** 2 for i, j in pairs)

    left = np.array([ratio(np.delete(x, i, axis=0)) for i in range(5)])
    found = participation_ratio(x)
    assert found.value == pytest.approx(5 * ratio(x) - 4 * left.mean(), rel=1e-10)
    assert found.error == pytest.approx(np.sqrt(4 / 5 * np.square(left - left.mean()).sum()), rel=1e-10)


@pytest.mark.parametrize("name", SPECTRA)
@pytest.mark.parametrize("heavy", [False, True])
def test_known_covariance(name: str, heavy: bool) -> None:
    generator = np.random.default_rng(1)
    draws = generator.normal(size=(600, 50))
    if heavy:  # a common scale for each draw, as when batches differ in size: the covariance keeps its shape
        draws *= generator.gamma(2, 0.5, size=(600, 1))
    spectrum = SPECTRA[name]
    found = participation_ratio(draws * np.sqrt(spectrum))
    truth = spectrum.sum() ** 2 / np.square(spectrum).sum()
    assert abs(found.value - truth) < 3 * found.error + 1e-9  # along one direction it is exact
    assert found.error < 0.15 * truth


def test_estimates_are_not_kept_within_the_dimension() -> None:
    generator = np.random.default_rng(2)
    values = np.array([participation_ratio(generator.normal(size=(12, 20))).value for _ in range(400)])
    assert (values > 20).mean() > 0.2
    assert abs(values.mean() - 20) < 4 * values.std() / 20 + 0.4  # the jackknife leaves a bias of order 1/draws²


def test_refusals() -> None:
    with pytest.raises(RecordError, match="at least three draws"):
        participation_of_gram(np.eye(2))
