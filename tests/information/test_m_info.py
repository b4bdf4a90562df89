"""M-info from both sides, the supersample design, Clausius, and the data processing inequality."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from szilard.errors import SpecError
from szilard.estimate import Estimate, Kind
from szilard.information import (
    Nesting,
    chain_bound,
    clausius_information,
    clausius_residual,
    data_processing,
    ideal_learning,
    m_info_lower,
    m_info_upper,
    measure,
    population_bound,
    supersample_information,
)
from szilard.systems import CategoricalTeachers, GaussianMean

SYSTEM = GaussianMean(
    dimension=2, points=10, model_sigma=1.0, data_sigma=1.0, rate=0.1, noise=0.02, initial_variance=0.5
)


@pytest.mark.parametrize("steps", [1, 5, 200])
def test_chain_bound_holds_and_is_tight_for_one_step(steps: int) -> None:
    """The gradient is ``(θ − b̄)/s²``: given θ its covariance is that of b̄, ``s*²/N`` in each component."""
    variance = np.full(steps, SYSTEM.dimension * SYSTEM.data_sigma**2 / SYSTEM.points)
    bound = chain_bound(variance, learning_rate=SYSTEM.rate, noise=SYSTEM.noise, parameters=SYSTEM.dimension)
    truth = SYSTEM.exact(steps=steps)["m_info"]
    naive = sum(
        SYSTEM.dimension / 2 * math.log(1 + SYSTEM.rate**2 * v / (SYSTEM.dimension * SYSTEM.noise)) for v in variance
    )
    assert bound.kind is Kind.UPPER
    assert bound.value == pytest.approx(naive)
    assert truth <= bound.value
    assert data_processing(Estimate(SYSTEM.exact(steps=steps)["info_data"], 0.0, Kind.EXACT), bound).held


def test_sandwich_of_a_population() -> None:
    """K data sets that are all there are: ``I(X;B) ≤ I(Θ;B) ≤ ln K``; more inputs tell more."""
    system = CategoricalTeachers(datasets=4, initialisations=2, orders=1, inputs=6, dataset=2.0, initialisation=0.1)
    look = measure(Nesting.regular(datasets=4, seeds=2), system.log_p.flatten(0, 3).numpy())
    lower, upper = m_info_lower(look), m_info_upper([population_bound(4), Estimate(9.0, 0.0, Kind.UPPER)])
    assert upper.value == math.log(4)
    assert look["info_data_lower"].value < lower.value <= upper.value
    assert lower.kind is Kind.LOWER


def test_clausius() -> None:
    answers = SYSTEM.exact(steps=5)
    heat = Estimate(answers["heat"], 0.01, Kind.UNBIASED)
    number = clausius_information(heat)
    assert (number.kind, number.value) == (Kind.HYPOTHESIS, pytest.approx(answers["clausius_information"]))
    residual = clausius_residual(heat, answers["parameter_entropy_change"])
    assert residual.value == pytest.approx(answers["clausius_residual"])
    for unknown in (None, math.inf):
        with pytest.raises(SpecError, match="cannot be checked here"):
            clausius_residual(heat, unknown)
    share = ideal_learning(Estimate(0.1, 0.01, Kind.ASYMPTOTIC), number)
    assert share.kind is Kind.HYPOTHESIS
    assert share.error == pytest.approx(share.value * math.hypot(0.1, 0.01 / number.value))


def test_ratios_of_bounds() -> None:
    value, upper = Estimate(1.0, 0.0, Kind.EXACT), Estimate(2.0, 0.0, Kind.UPPER)
    assert ideal_learning(value, upper).kind is Kind.LOWER
    assert ideal_learning(upper, value).kind is Kind.UPPER
    with pytest.raises(SpecError, match="means nothing"):
        ideal_learning(value, Estimate(0.0, 0.0, Kind.EXACT))
    with pytest.raises(SpecError, match="other bounds"):
        data_processing(upper, value)


def test_no_noise_no_bound() -> None:
    with pytest.raises(SpecError, match="without noise"):
        chain_bound(np.ones(3), learning_rate=0.1, noise=0.0, parameters=3)
    with pytest.raises(SpecError, match="at least one bound"):
        m_info_upper([])


# Supersample


def _every_choice(strength: float, pairs: int = 4, outcomes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """All 2^N members; what was trained on is predicted more sharply, by ``strength``."""
    bits = np.array(list(itertools.product([0, 1], repeat=pairs)), dtype=bool)
    logits = np.random.default_rng(0).normal(size=(1, pairs, 2, outcomes)).repeat(len(bits), 0)
    seen = np.stack([~bits, bits], -1)
    logits[..., 0] += strength * seen
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True)), bits


def test_supersample_transcription() -> None:
    """Per pair, the mutual information of the bit and both labels, over all choices of the bits."""
    log_p, bits = _every_choice(1.5)
    p, expected = np.exp(log_p), 0.0
    for pair in range(4):
        halves = []
        for bit in (0, 1):
            members = np.flatnonzero(bits[:, pair] == bit)
            halves.append(sum(np.outer(p[m, pair, 0], p[m, pair, 1]) for m in members) / len(members))
        mixture = (halves[0] + halves[1]) / 2
        expected += sum(0.5 * (half * np.log(half / mixture)).sum() for half in halves)
    result = supersample_information(log_p, bits)
    assert result.plugin == pytest.approx(expected)
    assert result.information.value == pytest.approx(expected)  # nothing else varies, so that nothing is corrected
    assert result.bound == pytest.approx(np.sqrt(2 * result.per_pair).mean())


def test_supersample_is_at_most_one_bit_a_pair() -> None:
    """Memorised pairs are known: N ln 2; the bound on the gap is then at least the gap of a perfect memory."""
    log_p, bits = _every_choice(60.0)
    log_p[...] = np.where(np.stack([~bits, bits], -1)[..., None], np.log([1 - 2e-12, 1e-12, 1e-12]), math.log(1 / 3))
    result = supersample_information(log_p, bits)
    assert result.plugin <= 4 * math.log(2) + 1e-12
    assert supersample_information(_every_choice(0.0)[0], bits).plugin == pytest.approx(0.0, abs=1e-12)


def test_supersample_is_corrected_for_few_members() -> None:
    """Members that vary but remember nothing: the plug-in is biased upwards, what is reported is not."""
    rng = np.random.default_rng(5)
    values, plugins, lowers = [], [], []
    for _ in range(150):
        logits = 0.7 * rng.normal(size=(12, 3, 2, 3))
        bits = np.stack([rng.permutation(np.arange(12) % 2) for _ in range(3)], 1).astype(bool)
        result = supersample_information(logits - np.log(np.exp(logits).sum(-1, keepdims=True)), bits)
        values.append(result.information.value)
        plugins.append(result.plugin)
        lowers.append(result.lower)
    error = np.std(values, ddof=1) / math.sqrt(len(values))
    assert np.mean(plugins) > 0.05
    assert abs(np.mean(values)) < 3.5 * error + 0.2 * np.std(values)
    assert np.mean(lowers) < 0


def test_supersample_needs_both_choices() -> None:
    log_p, bits = _every_choice(1.0)
    bits[:, 2] = True
    with pytest.raises(SpecError, match="pair 2"):
        supersample_information(log_p, bits)
    with pytest.raises(SpecError, match="shape"):
        supersample_information(log_p[:, :2], bits)
