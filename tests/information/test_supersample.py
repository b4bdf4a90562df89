"""The supersample design: what labels on pairs tell of which example was trained on, by data set."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from numpy import ndarray

from szilard.errors import SpecError
from szilard.estimate import Kind
from szilard.information import supersample_information


def _normalised(logits: ndarray) -> ndarray:
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def _every_choice(strength: float, pairs: int = 4, outcomes: int = 3) -> tuple[ndarray, ndarray, ndarray]:
    """All 2^N data sets, a member each; what was trained on is predicted more sharply, by ``strength``."""
    bits = np.array(list(itertools.product([0, 1], repeat=pairs)), dtype=bool)
    logits = np.random.default_rng(0).normal(size=(1, pairs, 2, outcomes)).repeat(len(bits), 0)
    logits[..., 0] += strength * np.stack([~bits, bits], -1)
    return _normalised(logits), bits, np.arange(len(bits))


def _drawn(
    rng: np.random.Generator, datasets: int, seeds: int, *, agree: bool = False, pairs: int = 30, strength: float = 0.0
) -> tuple[ndarray, ndarray, ndarray]:
    """Members that vary by seed, or only by data set where seeds ``agree``; coins are fair and independent."""
    bits = rng.integers(2, size=(datasets, pairs)).astype(bool)
    logits = 0.7 * rng.normal(size=(datasets, 1 if agree else seeds, pairs, 2, 3))
    logits[..., 0] += strength * np.stack([~bits, bits], -1)[:, None]
    log_p = np.broadcast_to(_normalised(logits), (datasets, seeds, pairs, 2, 3)).reshape(-1, pairs, 2, 3)
    return log_p, bits.repeat(seeds, 0), np.arange(datasets).repeat(seeds)


# Naive


def _entropy(laws: list[ndarray]) -> float:
    mean = sum(laws) / len(laws)
    return -float((mean * np.log(mean)).sum())


def _balanced(halves: list[list[ndarray]]) -> float:
    return _entropy([sum(half) / len(half) for half in halves])


def _naive(log_p: ndarray, bits: ndarray, dataset: ndarray) -> dict[str, float]:
    """The three routes summed over pairs, in loops."""
    found = {"plugin": 0.0, "corrected": 0.0, "lower": 0.0}
    for pair in range(bits.shape[1]):
        halves: list[list[ndarray]] = [[], []]
        for number in sorted(set(dataset)):
            members = np.flatnonzero(dataset == number)
            laws = [np.outer(*np.exp(log_p[member, pair])) for member in members]
            halves[int(bits[members[0], pair])].append(sum(laws) / len(laws))
        if min(map(len, halves)) < 2:
            continue
        whole, corrected, jack, loo = _balanced(halves), _balanced(halves), [], []
        for bit, half in enumerate(halves):
            without = [half[:k] + half[k + 1 :] for k in range(len(half))]
            mixtures = [_balanced([halves[1 - bit], rest]) for rest in without]
            corrected += (len(half) - 1) * (whole - np.mean(mixtures))
            jack.append(len(half) * _entropy(half) - (len(half) - 1) * np.mean([_entropy(rest) for rest in without]))
            loo.append(
                np.mean([-(law * np.log(sum(rest) / len(rest))).sum() for law, rest in zip(half, without, strict=True)])
            )
        found["plugin"] += whole - 0.5 * sum(_entropy(half) for half in halves)
        found["corrected"] += corrected - 0.5 * sum(jack)
        found["lower"] += whole - 0.5 * sum(loo)
    return found


@pytest.mark.parametrize(("datasets", "seeds", "strength"), [(12, 1, 2.0), (12, 3, 2.0), (5, 2, 0.0)])
def test_transcription(datasets: int, seeds: int, strength: float) -> None:
    given = _drawn(np.random.default_rng(3), datasets, seeds, strength=strength)
    naive, result = _naive(*given), supersample_information(*given)
    assert result.information.value == pytest.approx(naive["corrected"], abs=1e-10)
    assert result.plugin == pytest.approx(naive["plugin"], abs=1e-10)
    assert result.lower == pytest.approx(naive["lower"], abs=1e-10)
    assert result.bound == pytest.approx(np.nanmean(np.sqrt(2 * result.per_pair)))
    assert (result.information.kind, result.information.degrees_of_freedom) == (Kind.ASYMPTOTIC, datasets - 1)


def test_error_is_of_deleted_data_sets() -> None:
    log_p, bits, dataset = _drawn(np.random.default_rng(7), 12, 3, pairs=3, strength=1.0)
    assert min(bits.sum(0).min(), (~bits).sum(0).min()) >= 9  # no deletion leaves a pair with too few
    values = [
        _naive(log_p[dataset != left], bits[dataset != left], dataset[dataset != left])["corrected"]
        for left in range(12)
    ]
    expected = math.sqrt(11 * np.var(values))
    assert supersample_information(log_p, bits, dataset).information.error == pytest.approx(expected)


def test_every_choice_is_exact() -> None:
    """Nothing but the coins varies, so that nothing is corrected; memorised pairs are known, and tell N ln 2."""
    for strength in (0.0, 1.5):
        result = supersample_information(*_every_choice(strength))
        assert result.information.value == pytest.approx(result.plugin, abs=1e-12)
        assert (result.plugin > 0.1) == (strength > 0)
        assert (result.pairs, result.left_out) == (4, 0)
    log_p, bits, dataset = _every_choice(0.0)
    known = np.where(bits[..., None, None], np.log([1e-12, 1e-12, 1 - 2e-12]), np.log([1 - 2e-12, 1e-12, 1e-12]))
    result = supersample_information(np.broadcast_to(known, log_p.shape), bits, dataset)
    assert result.plugin == pytest.approx(4 * math.log(2))


# Few members


@pytest.mark.parametrize(("datasets", "seeds", "agree"), [(12, 1, False), (12, 3, True), (12, 3, False)])
def test_null(datasets: int, seeds: int, agree: bool) -> None:
    """Members that remember nothing: what is reported is 0 within its error, which covers the spread."""
    rng = np.random.default_rng(5)
    results = [supersample_information(*_drawn(rng, datasets, seeds, agree=agree)) for _ in range(60)]
    values = np.array([result.information.value for result in results])
    errors = np.array([result.information.error for result in results])
    assert abs(np.mean(values / errors)) < 0.5
    assert np.mean(np.abs(values) < 3 * errors) > 0.95
    assert 0.6 < math.sqrt(np.mean(errors**2)) / np.std(values) < 2.5
    assert np.mean([result.plugin for result in results]) > 5 * abs(np.mean(values))
    assert np.mean([result.lower for result in results]) < 0


def test_agreeing_seeds_are_one_member() -> None:
    log_p, bits, dataset = _drawn(np.random.default_rng(6), 8, 3, agree=True, strength=1.0)
    result, single = (
        supersample_information(log_p, bits, dataset),
        supersample_information(log_p[::3], bits[::3], np.arange(8)),
    )
    assert result.information.value == pytest.approx(single.information.value)
    assert result.information.error == pytest.approx(single.information.error)
    some = np.array([0, 1, 2, 3, 6, *range(9, 24)])  # data sets weigh the same whatever was lost of them
    assert supersample_information(log_p[some], bits[some], dataset[some]).plugin == pytest.approx(single.plugin)


def test_pairs_with_too_few_coins_are_left_out() -> None:
    log_p, bits, dataset = _every_choice(1.0)
    bits[:, 2] = True
    bits[:, 3] = np.arange(16) == 5
    result = supersample_information(log_p, bits, dataset)
    rest = supersample_information(log_p[:, :2], bits[:, :2], dataset)
    assert (result.pairs, result.left_out) == (2, 2)
    assert (result.information, result.lower) == (rest.information, rest.lower)
    assert np.isnan(result.per_pair[2:]).all()
    with pytest.raises(SpecError, match="train on more data sets"):
        supersample_information(log_p[:, 2:], bits[:, 2:], dataset)


def test_refusals() -> None:
    log_p, bits, dataset = _every_choice(1.0)
    with pytest.raises(SpecError, match="data set 3 have different bits"):
        supersample_information(log_p, bits, np.where(dataset == 4, 3, dataset))
    for wrong in ((log_p[:, :2], bits, dataset), (log_p, bits, dataset[1:])):
        with pytest.raises(SpecError, match="shape"):
            supersample_information(*wrong)
