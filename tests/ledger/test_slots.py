"""Reuse along a run, next-token sums and bounds against naive transcriptions: loops over slots, tokens and draws."""

from __future__ import annotations

import math
import statistics

import pytest
import torch
from torch import Tensor

from szilard import ledger
from szilard.ledger.slots import (
    SlotSum,
    guess_scale,
    phi_by_draws,
    prefix_mean,
    prefix_sum,
    prefix_weights,
    slot_excess,
    slot_fluctuation,
    slot_heat,
    slot_length,
    slot_mean,
    slot_overlap_defect,
    slot_work,
    slot_work_lower,
    slot_work_reverse,
    token_work,
)

SLOTS, TOKENS, DRAWS = 6, 4, 5


def normal(*shape: int, seed: int, scale: float = 0.3) -> Tensor:
    return scale * torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture(name="phi")
def _phi() -> tuple[list[float], list[float], list[float]]:
    """φ_s, φ_{t−1} and φ_t at the slots."""
    source = normal(SLOTS, seed=1, scale=1.0)
    before = source + normal(SLOTS, seed=2)
    return source.tolist(), before.tolist(), (before + normal(SLOTS, seed=3)).tolist()


def close(tensor: Tensor, numbers: list[float] | float) -> None:
    torch.testing.assert_close(tensor, torch.tensor(numbers, dtype=torch.float64), rtol=1e-12, atol=1e-14)


def test_terms_of_a_step(phi):
    """p ratios and differences as the equations have them."""
    source, before, after = phi
    w = [math.exp(s - b) for s, b in zip(source, before, strict=True)]
    d = [a - b for b, a in zip(before, after, strict=True)]
    weight, change = torch.tensor(w), torch.tensor(d)
    weight, change = torch.tensor(w, dtype=torch.float64), torch.tensor(d, dtype=torch.float64)
    pairs = list(zip(w, d, strict=True))
    close(slot_work(weight, change), [u * (e + math.exp(-e) - 1) for u, e in pairs])
    close(slot_work(weight, change, 0.0), [u * e for u, e in pairs])
    # of the reversed step: the samples are of p_s, so the weight is that of p_t
    reversed_ = [math.exp(s - a) * (math.exp(e) - 1 - e) for s, a, e in zip(source, after, d, strict=True)]
    close(slot_work_reverse(weight, change), reversed_)
    close(slot_fluctuation(weight, change), [math.exp(s - a) for s, a in zip(source, after, strict=True)])
    close(
        slot_excess(weight, change),
        [math.exp(s - a) - math.exp(s - b) for s, b, a in zip(source, before, after, strict=True)],
    )
    close(slot_overlap_defect(weight, change), [u * (1 - math.exp(-e / 2)) ** 2 / 2 for u, e in pairs])


def test_heat_and_means_leave_the_slot_itself_out(phi):
    source, before, after = phi
    total = spread = 0.0
    means = []
    for i in range(SLOTS):
        rest = statistics.fmean(after[j] for j in range(SLOTS) if j != i)
        gain = math.exp(source[i] - before[i]) * (math.exp(before[i] - after[i]) - 1)
        total += gain * (after[i] - rest) / SLOTS
        w = math.exp(source[i] - after[i])
        means.append(w * after[i] - rest * (w - 1))
    s, b, a = (torch.tensor(values, dtype=torch.float64) for values in phi)
    heat = slot_heat(torch.exp(s - b), a - b, a)
    close(heat.value, total)
    close(slot_mean(torch.exp(s - a), a), means)
    # its error: a delete-one jackknife of the same statistic
    left_out = [
        float(slot_heat(torch.exp(s - b)[keep], (a - b)[keep], a[keep]).value)
        for keep in (torch.arange(SLOTS) != i for i in range(SLOTS))
    ]
    spread = math.sqrt((SLOTS - 1) / SLOTS * sum((v - statistics.fmean(left_out)) ** 2 for v in left_out))
    assert float(heat.error) == pytest.approx(spread, rel=0.35)


def test_length_is_the_angle_with_its_bend(phi):
    s, b, a = (torch.tensor(values, dtype=torch.float64) for values in phi)
    fresh = slot_length(torch.ones_like(b), a - b)
    known = ledger.length_sampled(b, a)
    assert float(fresh.value) == pytest.approx(float(known.value), rel=1e-12)
    assert float(fresh.error) == pytest.approx(float(known.error), rel=1e-12)
    reused = slot_length(torch.exp(s - b), a - b)
    h = statistics.fmean(
        math.exp(si - bi) * (1 - math.exp((bi - ai) / 2)) ** 2 / 2 for si, bi, ai in zip(*phi, strict=True)
    )
    assert float(reused.value) == pytest.approx(2 * math.acos(1 - h), rel=0.2)


def test_sums_of_slots():
    one, two = (SlotSum.mean(normal(SLOTS, seed=seed)) for seed in (4, 5))
    both = one + two * 2.0 - one
    assert float(both.value) == pytest.approx(2 * float(two.value))
    assert float(both.error) == pytest.approx(2 * statistics.stdev(two.influence.tolist()) / math.sqrt(SLOTS))
    assert float(SlotSum.zero(SLOTS, device=torch.device("cpu")).error) == 0


def test_prefixes():
    """Each token with the weight of the tokens before it."""
    source, now, later = (normal(SLOTS, TOKENS, seed=seed, scale=1.0) for seed in (6, 7, 8))
    values = normal(SLOTS, TOKENS, seed=9)
    weights = [
        [math.exp(sum(float(source[i, k] - now[i, k]) for k in range(j))) for j in range(TOKENS)] for i in range(SLOTS)
    ]
    whole = [
        [math.exp(sum(float(source[i, k] - now[i, k]) for k in range(j + 1))) for j in range(TOKENS)]
        for i in range(SLOTS)
    ]
    f = values.tolist()
    given = prefix_weights(source, now)
    close(given, weights)  # type: ignore[arg-type]
    close(prefix_sum(given, values), [sum(weights[i][j] * f[i][j] for j in range(TOKENS)) for i in range(SLOTS)])
    means = []
    for i in range(SLOTS):
        mean = 0.0
        for j in range(TOKENS):
            rest = statistics.fmean(f[k][j] for k in range(SLOTS) if k != i)
            mean += weights[i][j] * f[i][j] - rest * (weights[i][j] - 1)
        means.append(mean)
    close(prefix_mean(given, values), means)
    d = (later - now).tolist()
    work = [sum(whole[i][j] * (d[i][j] + math.exp(-d[i][j]) - 1) for j in range(TOKENS)) for i in range(SLOTS)]
    close(token_work(prefix_weights(source, now, inclusive=True), later - now), work)


def test_phi_by_draws():
    """−ln of the mean over the first k draws."""
    log_ratio = normal(SLOTS, DRAWS, seed=10, scale=2.0)
    expected = [
        [-math.log(statistics.fmean(math.exp(value) for value in row[:k])) for row in log_ratio.tolist()]
        for k in (1, 2, 5)
    ]
    close(phi_by_draws(log_ratio, (1, 2, 5)), expected)  # type: ignore[arg-type]


def test_work_from_below(phi):
    source, before, after = phi
    s, b, a = (torch.tensor(values, dtype=torch.float64) for values in phi)
    guess = a - b + normal(SLOTS, seed=11, scale=0.1)
    f = guess.tolist()
    expected = [
        math.exp(source[i] - before[i])
        * (f[i] - (math.exp(f[i] - after[i] + before[i]) - 1) + (math.exp(before[i] - after[i]) - 1))
        for i in range(SLOTS)
    ]
    close(slot_work_lower(torch.exp(s - b), a - b, guess), expected)
    # a guess that is right leaves the work itself; the best scale of one that is doubled is a half
    close(slot_work_lower(torch.exp(s - b), a - b, a - b), slot_work(torch.exp(s - b), a - b).tolist())
    assert float(guess_scale(torch.exp(s - b), a - b, 2 * (a - b))) == pytest.approx(0.5)
    assert float(guess_scale(torch.exp(s - b), a - b, b - a)) == 0


def test_bound_from_below_holds_for_any_guess():
    """By exact sums over outcomes: ⟨f⟩ − ⟨e^f⟩ + 1 never exceeds the divergence."""
    p, q = (torch.softmax(normal(7, seed=seed, scale=1.0), -1) for seed in (12, 13))
    d = torch.log(p) - torch.log(q)
    divergence = float((p * d).sum())
    for seed in range(20):
        guess = d * float(normal(1, seed=seed, scale=1.0)) + normal(7, seed=100 + seed)
        bound = float((p * slot_work_lower(torch.ones(7), d, guess)).sum())
        assert bound <= divergence + 1e-12
