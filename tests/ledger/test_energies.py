"""Work, heat and free energy of energies: a naive transcription, a Gaussian that knows, bias, rounding."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from szilard import ledger
from szilard.estimate import Estimate
from szilard.ledger.energies import heat_of_energies, work_of_energies
from szilard.ledger.totals import joined, mean_weighted, over_joined

MEMBERS, SAMPLES = (2, 3), 9


def _energies(seed: int, spread: float) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    before, moved, log_weights = torch.randn((3, *MEMBERS, SAMPLES), generator=generator, dtype=torch.float64)
    return 3 * before, 3 * before + spread * moved, log_weights.exp()


# Naive transcription


def naive_mean(values: Sequence[float], weights: Sequence[float]) -> float:
    """Σ w a / Σ w."""
    return math.fsum(w * a for w, a in zip(weights, values, strict=True)) / math.fsum(weights)


def naive_free_energy(before: list[float], after: list[float], w: list[float]) -> float:
    """ΔF = −ln⟨e^{−ΔE}⟩."""
    return -math.log(naive_mean([math.exp(b - a) for b, a in zip(before, after, strict=True)], w))


def naive_work(before: list[float], after: list[float], w: list[float]) -> float:
    """W = ⟨ΔE⟩ − ΔF."""
    return naive_mean([a - b for b, a in zip(before, after, strict=True)], w) - naive_free_energy(before, after, w)


def naive_heat(before: list[float], after: list[float], w: list[float]) -> float:
    """Q = Cov(e^{−ΔE}, E_t)/⟨e^{−ΔE}⟩."""
    boltzmann = [math.exp(b - a) for b, a in zip(before, after, strict=True)]
    both = naive_mean([x * a for x, a in zip(boltzmann, after, strict=True)], w)
    mean = naive_mean(boltzmann, w)
    return (both - mean * naive_mean(after, w)) / mean


def naive_jackknife(statistic: Callable[..., float], *columns: list[float]) -> tuple[float, float]:
    """N θ − (N − 1)⟨θ_(i)⟩ and √[(N−1)/N Σ(θ_(i) − ⟨θ_(i)⟩)²], each θ_(i) from the samples without the i-th."""
    count = len(columns[0])
    left = [statistic(*(column[:i] + column[i + 1 :] for column in columns)) for i in range(count)]
    mean = statistics.fmean(left)
    value = count * statistic(*columns) - (count - 1) * mean
    return value, math.sqrt((count - 1) / count * math.fsum((x - mean) ** 2 for x in left))


def _held_against(estimate: Estimate, statistic: Callable[..., float], *columns: Tensor) -> None:
    for member in np.ndindex(MEMBERS):
        value, error = naive_jackknife(statistic, *(column[member].tolist() for column in columns))
        assert float(estimate.value[member]) == pytest.approx(value, rel=1e-9, abs=1e-13)
        assert float(estimate.error[member]) == pytest.approx(error, rel=1e-9, abs=1e-13)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("spread", [1.0, 0.01])
def test_transcription(weighted: bool, spread: float) -> None:
    before, after, weights = _energies(1, spread)
    given = weights if weighted else None
    weights = weights if weighted else torch.ones_like(weights)
    step = ledger.step_of_energies(before, after, given)
    _held_against(step.work, naive_work, before, after, weights)
    _held_against(step.heat, naive_heat, before, after, weights)
    _held_against(step.free_energy, naive_free_energy, before, after, weights)
    _held_against(ledger.free_energy_of(after - before, given), naive_free_energy, before, after, weights)
    _held_against(mean_weighted(after, given), naive_mean, after, weights)


def test_short_names_are_the_step() -> None:
    before, after, weights = _energies(2, 1.0)
    step = ledger.step_of_energies(before, after, weights)
    assert torch.equal(work_of_energies(before, after, weights).value, step.work.value)
    assert torch.equal(heat_of_energies(before, after, weights).value, step.heat.value)


# A system that knows the answers: E_0 = |x|²/2, E_1 = |x − a|²/2s² + c in d dimensions


def _gaussian(members: int, samples: int) -> dict[str, Any]:
    d, a, s, c = 3, 0.4, 0.9, 2.0
    x = torch.randn(members, samples, d, generator=torch.Generator().manual_seed(7), dtype=torch.float64)
    free_energy = c - d * math.log(s)
    mean_after = d * (1 + a * a) / (2 * s * s) + c
    return {
        "before": x.square().sum(-1) / 2,
        "after": (x - a).square().sum(-1) / (2 * s * s) + c,
        "free_energy": free_energy,
        "work": mean_after - d / 2 - free_energy,
        "heat": d / 2 + c - mean_after,
    }


@pytest.mark.parametrize("samples", [8, 200])
def test_exact_answers_without_bias(samples: int) -> None:
    """Over many members: no bias shows, and the errors are those of the scatter between members."""
    members = 4000
    system = _gaussian(members, samples)
    step = ledger.step_of_energies(system["before"], system["after"])
    for name, bias in (("work", 0.02), ("heat", 0.02), ("free_energy", 0.02)):
        estimate: Estimate = getattr(step, name)
        mean, scatter = float(estimate.value.mean()), float(estimate.value.std())
        # what is left of the bias is of second order: a 50th of the scatter at 8 samples
        allowed = 3 * scatter / math.sqrt(members) + (bias * scatter if samples == 8 else 0)
        assert abs(mean - float(system[name])) < allowed, name
        assert float(estimate.error.square().mean().sqrt()) == pytest.approx(scatter, rel=0.25 if samples == 8 else 0.1)


def test_plain_average_is_biased_where_the_jackknife_is_not() -> None:
    system = _gaussian(4000, 8)
    change = system["after"] - system["before"]
    plain = change.mean(-1) + torch.log(torch.exp(-change).mean(-1))
    jackknifed = ledger.step_of_energies(system["before"], system["after"]).work.value
    truth = float(system["work"])
    assert abs(float(jackknifed.mean()) - truth) < 0.25 * abs(float(plain.mean()) - truth)


def test_weights_are_samples_repeated() -> None:
    """Integer weights give the values of samples that stand there as often (the jackknife itself then differs)."""
    before, after, _ = _energies(3, 1.0)
    times = torch.tensor([1, 2, 1, 3, 1, 1, 2, 1, 1])
    index = torch.repeat_interleave(torch.arange(SAMPLES), times)
    d, w = (after - before)[0, 0], times.double()
    repeated = -math.log(float(torch.exp(-d[index]).mean()))
    assert naive_free_energy(before[0, 0].tolist(), after[0, 0].tolist(), w.tolist()) == pytest.approx(repeated)
    assert float(ledger.effective_samples(w.log())) == pytest.approx(13**2 / 23)


def test_small_steps_do_not_drown_in_rounding() -> None:
    """W is of second order in ΔE; formed after first order has cancelled it keeps its digits."""
    x = torch.randn(2, 500, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    large = work_of_energies(x[0] + 50, x[0] + 50 + 1e-3 * x[1]).value
    change = 2.0**-20 * x[1]
    small = work_of_energies(torch.zeros_like(change), change)
    variance = float(x[1].var())
    assert float(small.value) == pytest.approx(0.5 * 2.0**-40 * variance, rel=1e-4)
    assert float(large) == pytest.approx(0.5e-6 * variance, rel=0.01)


def test_one_sample_that_holds_everything_stays_finite() -> None:
    before = torch.zeros(5, dtype=torch.float64)
    after = torch.tensor([-2000.0, 0.0, 0.0, 0.0, 0.0], dtype=torch.float64)
    step = ledger.step_of_energies(before, after)
    assert all(math.isfinite(float(e.value)) for e in (step.work, step.free_energy))
    assert math.isfinite(float(ledger.free_energy_of(after).value))


def test_bad_input() -> None:
    one = torch.zeros(1, dtype=torch.float64)
    with pytest.raises(ValueError, match="at least 2 samples, not 1: draw more"):
        ledger.step_of_energies(one, one)
    with pytest.raises(ValueError, match="do not fit"):
        ledger.free_energy_of(torch.zeros(3, dtype=torch.float64), torch.ones(4, dtype=torch.float64))


# Jarzynski


def test_jarzynski_of_gaussian_work() -> None:
    """W ~ N(σ²/2, σ²) has ΔF = 0 and ⟨e^{−W}⟩ = 1; its effective samples are N e^{−σ²}."""
    generator = torch.Generator().manual_seed(4)
    work = 0.5 + torch.randn(200_000, generator=generator, dtype=torch.float64)
    average, effective = ledger.jarzynski(work)
    assert abs(average.z(1.0)) < 3 and average.kind == "unbiased"
    assert float(effective) == pytest.approx(200_000 * math.exp(-1), rel=0.05)
    elsewhere = Estimate(torch.tensor(0.3, dtype=torch.float64), 0.01, average.kind)
    shifted, _ = ledger.jarzynski(work + 0.3, elsewhere)
    assert float(shifted.value) == pytest.approx(float(average.value))
    assert float(shifted.error) == pytest.approx(math.hypot(float(average.error), 0.01 * float(average.value)))
    assert shifted.kind == "asymptotic"


# Two routes to one quantity


@pytest.mark.parametrize("correlation", [-0.5, 0.0, 0.9])
def test_two_routes_joined(correlation: float) -> None:
    """The best share of two estimates: no bias, the variance that known covariances would give, an honest error."""
    members, replicates, scale = 4000, 16, (1.0, 0.3)
    generator = torch.Generator().manual_seed(3)
    z = torch.randn(2, members, replicates, generator=generator, dtype=torch.float64)
    first = 5 + scale[0] * z[0]
    second = 5 + scale[1] * (correlation * z[0] + math.sqrt(1 - correlation**2) * z[1])
    estimate = over_joined(joined(first, second))
    covariance = correlation * scale[0] * scale[1]
    best = (scale[0] ** 2 * scale[1] ** 2 - covariance**2) / (scale[0] ** 2 + scale[1] ** 2 - 2 * covariance)
    scatter = float(estimate.value.std())
    assert abs(float(estimate.value.mean()) - 5) < 3 * scatter / math.sqrt(members)
    # to be chosen by 16 replicates costs one part in 13
    assert scatter**2 == pytest.approx(best / replicates * (1 + 1 / 13), rel=0.1)
    assert float(estimate.error.square().mean()) == pytest.approx(scatter**2, rel=0.1)


def test_two_routes_of_few_replicates_or_without_scatter_are_the_first() -> None:
    few = torch.randn(2, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert torch.equal(joined(few[0], few[1]), few[0])
    assert torch.equal(joined(torch.zeros(12), torch.zeros(12)), torch.zeros(12))
