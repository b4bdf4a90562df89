"""Bennett's acceptance ratio and the detailed fluctuation theorem: pymbar, Gaussians, and what cannot be told."""

from __future__ import annotations

import logging
import math

import numpy as np
import pytest
import torch
from scipy import optimize
from torch import Tensor

from szilard import ledger

A, C = 1.3, 0.7
"""E_0 = x²/2 and E_1 = (x − A)²/2 + C: ΔF = C, and ΔE is N(C ± A²/2, A²) at the two ends."""


def _ends(before: int, after: int, members: int = 1, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(members, before, generator=generator, dtype=torch.float64)
    y = A + torch.randn(members, after, generator=generator, dtype=torch.float64)
    return (x - A).square() / 2 + C - x.square() / 2, (y - A).square() / 2 + C - y.square() / 2


@pytest.mark.parametrize(("before", "after"), [(100, 100), (40, 300), (500, 20)])
def test_bennett_is_that_of_pymbar(before: int, after: int) -> None:
    logging.disable(logging.WARNING)  # of an accelerator that is not there
    try:
        pymbar = pytest.importorskip("pymbar")
    finally:
        logging.disable(logging.NOTSET)
    forward, backward = _ends(before, after)
    theirs = pymbar.bar(forward[0].numpy(), -backward[0].numpy(), relative_tolerance=1e-12)
    ours = ledger.bennett(forward, backward)
    assert float(ours.value) == pytest.approx(float(theirs["Delta_f"]), abs=1e-9)
    assert float(ours.error) == pytest.approx(float(theirs["dDelta_f"]), rel=1e-6)


def test_bennett_of_gaussians() -> None:
    members = 2000
    forward, backward = _ends(60, 90, members)
    estimate = ledger.bennett(forward, backward)
    scatter = float(estimate.value.std())
    assert abs(float(estimate.value.mean()) - C) < 3 * scatter / math.sqrt(members) + 0.02 * scatter
    assert float(estimate.error.square().mean().sqrt()) == pytest.approx(scatter, rel=0.05)
    one_sided = ledger.free_energy_of(forward)
    assert scatter < 0.8 * float(one_sided.value.std())


def test_bennett_with_weights() -> None:
    """Equal weights are none; weights that undo a bias in the samples undo it here too."""
    forward, backward = _ends(80, 50)
    same = ledger.bennett(forward, backward, torch.full_like(forward, 3.0), torch.ones_like(backward))
    assert float(same.value) == pytest.approx(float(ledger.bennett(forward, backward).value), abs=1e-12)
    generator = torch.Generator().manual_seed(5)
    x = 0.5 + torch.randn(1, 20_000, generator=generator, dtype=torch.float64)  # of N(1/2, 1), weighted to N(0, 1)
    weighted = ledger.bennett(
        (x - A).square() / 2 + C - x.square() / 2,
        _ends(2, 20_000)[1],
        torch.exp(-x.square() / 2 + (x - 0.5).square() / 2),
    )
    assert abs(weighted.z(C).item()) < 3


def test_bennett_of_a_bare_shift_is_exact_and_of_no_overlap_knows_nothing() -> None:
    constant = torch.full((5,), 2.5, dtype=torch.float64)
    assert float(ledger.bennett(constant, constant[:3]).value) == pytest.approx(2.5, abs=1e-15)
    apart = ledger.bennett(constant + 2000, constant - 2000)
    assert float(apart.error) > 100


def _works(spread: float, count: int, members: int, seed: int) -> tuple[Tensor, Tensor]:
    """Gaussian works of ΔF = 0: N(±spread²/2, spread²)."""
    generator = torch.Generator().manual_seed(seed)
    noise = spread * torch.randn(2, members, count, generator=generator, dtype=torch.float64)
    return spread**2 / 2 + noise[0], noise[1] - spread**2 / 2


@pytest.mark.parametrize("spread", [1.0, 3.0, 4.0, 5.0, 7.0, 14.0])
def test_bennett_holds_the_truth_or_says_that_it_cannot(spread: float) -> None:
    found = ledger.bennett(*_works(spread, 200, 400, seed=3))
    low, high = found.interval()
    assert float(((low <= 0) & (high >= 0)).double().mean()) > 0.92
    known = torch.isfinite(found.error)
    assert float(known.double().mean()) > 0.99 if spread < 4 else spread < 7 or not known.any()
    assert (ledger.shared_samples(*_works(spread, 200, 400, seed=3), found.value)[known] >= 10).all()


def test_shared_samples_naively() -> None:
    forward, backward = _ends(30, 20)
    value = ledger.bennett(forward, backward).value
    here = [1 / (1 + math.exp(math.log(30 / 20) + s - float(value))) for s in forward[0].tolist()]
    there = [1 / (1 + math.exp(-math.log(30 / 20) - s + float(value))) for s in backward[0].tolist()]
    least = min(sum(f) ** 2 / sum(g * g for g in f) for f in (here, there))
    assert float(ledger.shared_samples(forward, backward, value)) == pytest.approx(least, rel=1e-9)


def test_an_infinite_work_is_a_sample_of_weight_nought() -> None:
    """One of 400 forward samples is forbidden by the model after; 399 others are as they were, its number stays."""
    forward, backward = _ends(400, 300)
    spoilt, far = forward.clone(), forward.clone()
    spoilt[0, 0], far[0, 0] = math.inf, 1e6
    found, as_good = ledger.bennett(spoilt, backward), ledger.bennett(far, backward)
    assert float(found.value) == pytest.approx(float(as_good.value), abs=1e-9)
    assert float(found.error) == pytest.approx(float(as_good.error), rel=1e-9)
    turned = ledger.bennett(-backward, -spoilt)
    assert float(turned.value) == pytest.approx(-float(found.value), abs=1e-9)


def test_detailed_law_of_gaussians() -> None:
    members = 1000
    forward, backward = _ends(60, 90, members, seed=2)
    law = ledger.detailed_law(forward, backward)
    for estimate, truth in ((law.slope, 1.0), (law.offset, C)):
        scatter = float(estimate.value.std())
        # maximum likelihood is biased to order 1/N: a fifth of the scatter with 150 samples
        assert abs(float(estimate.value.mean()) - truth) < 0.25 * scatter
        assert float(estimate.error.square().mean().sqrt()) == pytest.approx(scatter, rel=0.15)
    many = ledger.detailed_law(*_ends(40_000, 60_000, seed=3))
    assert abs(many.slope.z(1.0).item()) < 3 and abs(many.offset.z(C).item()) < 3


def test_detailed_law_is_the_greatest_likelihood() -> None:
    forward, backward = _ends(30, 20, seed=9)

    def minus_log_likelihood(line: np.ndarray) -> float:
        slope, offset = line
        odds = math.log(30 / 20)
        right = sum(math.log1p(math.exp(-(odds + slope * s - offset))) for s in forward[0].tolist())
        return right + sum(math.log1p(math.exp(odds + slope * s - offset)) for s in backward[0].tolist())

    best = optimize.minimize(minus_log_likelihood, [1.0, 0.0], tol=1e-12).x
    law = ledger.detailed_law(forward, backward)
    assert (float(law.slope.value), float(law.offset.value)) == pytest.approx(tuple(best), abs=1e-4)


def test_detailed_law_sees_samples_that_are_not_of_the_model() -> None:
    """Backward samples from a distribution twice as wide as the model's: the slope leaves 1."""
    forward, _ = _ends(5000, 2)
    y = A + 2 * torch.randn(1, 5000, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    law = ledger.detailed_law(forward, (y - A).square() / 2 + C - y.square() / 2)
    assert abs(law.slope.z(1.0).item()) > 10


def test_detailed_law_of_sets_that_do_not_overlap() -> None:
    forward, backward = _ends(10, 10)
    law = ledger.detailed_law(forward + 100, backward - 100)
    assert math.isnan(float(law.slope.value)) and math.isnan(float(law.offset.error))


def test_histograms_count_every_sample_between_common_edges() -> None:
    forward, backward = (ends[0] for ends in _ends(400, 300))
    counts, turned, low, high = ledger.detailed_histograms(forward, backward, 12)
    assert float(counts.sum()) == 400 and float(turned.sum()) == 300
    edges = np.linspace(float(low), float(high), 13)
    assert counts.tolist() == np.histogram(forward.numpy(), edges)[0].tolist()
    assert turned.tolist() == np.histogram(backward.numpy(), edges)[0].tolist()
