"""The gradient-noise scale on Gaussian gradients whose scale is known."""

from __future__ import annotations

import numpy as np
import pytest

from szilard.errors import SpecError
from szilard.estimate import Estimate, Kind
from szilard.reservoir import noise_scale, noise_scale_interval, noise_scale_two_sizes, paired_noise
from szilard.reservoir.noise_scale import noise_scale_from_estimates

SPECTRUM = np.geomspace(0.1, 10, 40)
MEAN = np.linspace(0, 1, 40)
SCALE = SPECTRUM.sum() / np.square(MEAN).sum()


def _batches(size: int, draws: int, generator: np.random.Generator) -> np.ndarray:
    return MEAN + np.sqrt(SPECTRUM / size) * generator.normal(size=(draws, 40))


@pytest.mark.parametrize("batch", [2, 16, 128])
def test_from_halves(batch: int) -> None:
    generator = np.random.default_rng(batch)
    halves = paired_noise(_batches(batch // 2, 3000, generator), _batches(batch // 2, 3000, generator))
    found = noise_scale(halves, batch)
    assert abs(found.z(SCALE)) < 3
    low, high = noise_scale_interval(halves, batch)
    assert low < SCALE < high
    assert found.value == pytest.approx(batch * halves.noise.value / halves.signal.value, rel=0.01)


def test_two_sizes() -> None:
    generator = np.random.default_rng(0)
    small, large = (np.square(_batches(size, 4000, generator)).sum(1) for size in (8, 64))
    found = noise_scale_two_sizes(small, large, 8, 64)
    assert abs(found.z(SCALE)) < 3
    # Written out: |G|² and S of McCandlish et al., Appendix A.1.
    square = (64 * large.mean() - 8 * small.mean()) / (64 - 8)
    trace = (small.mean() - large.mean()) / (1 / 8 - 1 / 64)
    assert found.value == pytest.approx(trace / square, rel=2e-3)
    with pytest.raises(SpecError, match="smaller one first"):
        noise_scale_two_sizes(small, large, 64, 8)


def test_from_estimates_adds_relative_errors() -> None:
    noise, signal = Estimate(2.0, 0.06, Kind.UNBIASED, 7), Estimate(4.0, 0.16, Kind.UNBIASED, 9)
    found = noise_scale_from_estimates(noise, signal, 10)
    assert (found.value, found.degrees_of_freedom) == (5.0, 7)
    assert found.error == pytest.approx(5 * 0.05)


def test_a_drowned_signal_has_an_unbounded_interval() -> None:
    halves = paired_noise(*np.random.default_rng(0).normal(size=(2, 10, 40)))
    assert noise_scale_interval(halves, 2) == (-np.inf, np.inf)
