"""Noise and signal of gradients: transcriptions, known covariances, and the ratios of batch sizes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from szilard.errors import RecordError, SpecError
from szilard.estimate import Kind
from szilard.reservoir import Noise, examples_noise, paired_noise, parts_noise
from szilard.reservoir.noise import half_batch_draws, noise_from_draws

SPECTRUM = np.geomspace(0.1, 10, 30)
"""Variances of one example's gradient in 30 directions."""
MEAN = np.linspace(-0.3, 0.5, 30)


def _examples(count: int, seed: int = 0) -> np.ndarray:
    return MEAN + np.sqrt(SPECTRUM) * np.random.default_rng(seed).normal(size=(count, 30))


def test_transcription_of_halves() -> None:
    first, second = _examples(5), _examples(5, seed=1)
    for noise, signal, a, b in zip(*half_batch_draws(first, second), first, second, strict=True):
        assert noise == pytest.approx(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) / 4 / 30, rel=1e-12)
        assert signal == pytest.approx(sum(x * y for x, y in zip(a, b, strict=True)) / 30, rel=1e-12)


def test_tensors_do_as_arrays_do() -> None:
    first, second = _examples(5), _examples(5, seed=1)
    tensors = torch.from_numpy(first).requires_grad_(), torch.from_numpy(second)
    found, wanted = paired_noise(*tensors), paired_noise(first, second)
    assert found.noise.value == pytest.approx(wanted.noise.value, rel=1e-14)
    assert found.signal.error == pytest.approx(wanted.signal.error, rel=1e-14)


def test_two_parts_are_two_halves() -> None:
    parts = np.stack([_examples(7), _examples(7, seed=1)], axis=1)
    for found, wanted in zip(parts_noise(parts), half_batch_draws(parts[:, 0], parts[:, 1]), strict=True):
        assert np.allclose(found, wanted, rtol=1e-12)


@pytest.mark.parametrize("batch", [4, 12, 60])
def test_known_covariance_from_halves_and_parts(batch: int) -> None:
    draws = 1500
    examples = _examples(draws * batch, seed=batch).reshape(draws, batch, 30)
    truth = SPECTRUM.mean() / batch
    halves = paired_noise(examples[:, : batch // 2].mean(1), examples[:, batch // 2 :].mean(1))
    parts = noise_from_draws(*parts_noise(examples.reshape(draws, 4, batch // 4, 30).mean(2)))
    for found in (halves, parts):
        assert abs(found.noise.z(truth)) < 3
        assert abs(found.signal.z(np.square(MEAN).mean())) < 3
    assert parts.noise.error < halves.noise.error  # three differences instead of one


def test_noise_goes_as_one_over_the_batch() -> None:
    """1 : 0.1 : 0.01 at the same θ for |b| = 1, 10, 100 with replacement."""
    population = _examples(500, seed=9)
    generator = np.random.default_rng(3)
    found = {}
    for batch in (1, 10, 100):
        drawn = population[generator.integers(500, size=(2, 1000, batch))].mean(2)
        # Two whole batches are the halves of one twice as large.
        found[batch] = paired_noise(*drawn).noise
    exact = (population - population.mean(0)).var(0).mean()
    for batch, noise in found.items():
        assert abs((2 * noise.value - exact / batch) / (2 * noise.error)) < 3


def test_pure_noise_has_no_signal_and_keeps_its_sign() -> None:
    generator = np.random.default_rng(0)
    values = [paired_noise(*generator.normal(size=(2, 12, 50))).signal for _ in range(400)]
    z = np.array([value.z(0.0) for value in values])
    assert 0.4 < (np.array([v.value for v in values]) < 0).mean() < 0.6
    assert abs(np.mean([v.value for v in values])) < 4 * np.mean([v.error for v in values]) / 20
    assert 0.9 < z.std() < 1.3  # Student's t of eleven degrees: 1.11


def test_examples_transcription() -> None:
    """The mean over pairs of examples of ‖g_x − g_y‖²/2 and of g_x·g_y, and the jackknife in loops."""
    g = _examples(6)

    def statistics(rows: np.ndarray) -> tuple[float, float]:
        pairs = [(i, j) for i in range(len(rows)) for j in range(len(rows)) if i != j]
        trace = sum(((rows[i] - rows[j]) ** 2).sum() / 2 for i, j in pairs) / len(pairs)
        return trace, sum(rows[i] @ rows[j] for i, j in pairs) / len(pairs)

    found = examples_noise((g**2).sum(1), g @ g.mean(0), 30, batch=8)
    trace, signal = statistics(g)
    left = np.array([statistics(np.delete(g, i, axis=0)) for i in range(6)])
    errors = np.sqrt(5 / 6 * np.square(left - left.mean(0)).sum(0))
    assert found.noise.value == pytest.approx(trace / 30 / 8, rel=1e-10)
    assert found.noise.error == pytest.approx(errors[0] / 30 / 8, rel=1e-9)
    assert found.signal.value == pytest.approx(signal / 30, rel=1e-9)
    assert found.signal.error == pytest.approx(errors[1] / 30, rel=1e-9)
    assert found.noise.degrees_of_freedom == 5
    assert found.noise_draws.mean() == pytest.approx(found.noise.value, rel=1e-10)
    assert found.signal_draws.mean() == pytest.approx(found.signal.value, rel=1e-9)


def test_a_sample_of_examples_tells_the_population() -> None:
    g = _examples(3000, seed=4)
    found = examples_noise((g**2).sum(1), g @ g.mean(0), 30, batch=1)
    assert abs(found.noise.z(SPECTRUM.mean())) < 3
    assert abs(found.signal.z(np.square(MEAN).mean())) < 3


@pytest.mark.parametrize("replacement", [True, False])
def test_the_whole_population_is_exact(replacement: bool) -> None:
    """Against the variance over all batches of three out of seven, enumerated."""
    import itertools

    g = _examples(7)
    mean = g.mean(0)
    draws = itertools.product(range(7), repeat=3) if replacement else itertools.combinations(range(7), 3)
    variance = np.mean([np.square(g[list(batch)].mean(0) - mean).mean() for batch in draws])
    found = examples_noise((g**2).sum(1), g @ mean, 30, batch=3, population=7, replacement=replacement)
    assert found.noise.value == pytest.approx(variance, rel=1e-10)
    assert found.signal.value == pytest.approx(np.square(mean).mean(), rel=1e-10)
    assert (found.noise.error, found.noise.kind) == (0.0, Kind.EXACT)


def test_refusals() -> None:
    g = _examples(4)
    with pytest.raises(RecordError, match="shaped"):
        half_batch_draws(g, g[:3])
    with pytest.raises(RecordError, match="at least two micro-batches"):
        parts_noise(g[:, None])
    with pytest.raises(RecordError, match="two or more"):
        examples_noise(np.ones(1), np.ones(1), 3, batch=2)
    with pytest.raises(SpecError, match="without replacement"):
        examples_noise(np.ones(4), np.ones(4), 3, batch=2, replacement=False)


def test_a_single_draw_is_kept_without_an_error() -> None:
    found = paired_noise(_examples(1), _examples(1, seed=1))
    assert isinstance(found, Noise)
    assert math.isnan(found.noise.error)
    assert found.noise.value > 0
