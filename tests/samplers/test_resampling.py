"""Systematic resampling: counts to the nearest whole number, means kept, and the effective sample size."""

from __future__ import annotations

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from szilard.samplers import effective_sample_size, systematic


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(-30, 5), min_size=1, max_size=40), st.integers(0, 2**32))
def test_members_are_chosen_as_often_as_they_weigh(log_weights: list[float], seed: int) -> None:
    weights = torch.tensor(log_weights, dtype=torch.float64)
    chosen = systematic(weights, torch.Generator().manual_seed(seed))
    counts = torch.bincount(chosen, minlength=len(weights))
    expected = len(weights) * torch.softmax(weights, 0)
    assert int(counts.sum()) == len(weights)
    assert float((counts - expected).abs().max()) < 1 + 1e-9


def test_weighted_means_are_kept_on_average() -> None:
    generator = torch.Generator().manual_seed(0)
    log_weights = torch.randn(20_000, 6, generator=generator, dtype=torch.float64)
    values = torch.randn(6, generator=generator, dtype=torch.float64).expand(20_000, -1)
    log_weights = log_weights[:1].expand(20_000, -1)
    resampled = values.gather(1, systematic(log_weights, generator)).mean(1)
    truth = (torch.softmax(log_weights[0], 0) * values[0]).sum()
    assert abs(float(resampled.mean() - truth)) < 3 * float(resampled.std()) / math.sqrt(20_000)


def test_populations_have_combs_of_their_own() -> None:
    log_weights = torch.tensor([0.1, 0.2, 0.3, 0.4]).log().expand(200, -1)
    chosen = systematic(log_weights, torch.Generator().manual_seed(1))
    assert len({tuple(row) for row in chosen.tolist()}) > 1
    assert torch.equal(chosen, chosen.sort(1).values)
    flat = torch.zeros(3, 5)
    assert torch.equal(systematic(flat, torch.Generator().manual_seed(2)), torch.arange(5).expand(3, -1))


def test_effective_sizes() -> None:
    weights = torch.rand(3, 4, 9, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    naive = weights.sum(-1) ** 2 / weights.square().sum(-1)
    assert torch.allclose(effective_sample_size(weights.log() + 700), naive)
    assert math.isclose(effective_sample_size(torch.zeros(7)), 7)
