"""The divergences of models from samples of both: a naive transcription, Gaussians, and what rare samples do."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from szilard import ledger
from szilard.ledger.both_ends import jeffreys_of_energies, jeffreys_sampled, separation_of


def _ends(distance: float, count: int, members: int = 1, seed: int = 0, scale: float = 1.0) -> tuple[Tensor, Tensor]:
    """φ' − φ at samples of N(0, 1) and of N(distance, scale²)."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(members, count, generator=generator, dtype=torch.float64)
    y = distance + scale * torch.randn(members, count, generator=generator, dtype=torch.float64)

    def d(at: Tensor) -> Tensor:
        return ((at - distance) / scale).square() / 2 + math.log(scale) - at.square() / 2

    return d(x), d(y)


def _exact(distance: float, scale: float) -> float:
    forward = math.log(scale) + (1 + distance**2) / (2 * scale**2) - 0.5
    return forward - math.log(scale) + (scale**2 + distance**2) / 2 - 0.5


def test_transcribed() -> None:
    here, there = ([0.3, -1.2, 5.0], [-0.4, -2.0, 0.1])
    terms = [[d * (1 - math.exp(-d)) / (1 + math.exp(-d)) for d in side] for side in (here, there)]
    means = [sum(side) / 3 for side in terms]
    squares = [sum((term - mean) ** 2 for term in side) / 2 / 3 for side, mean in zip(terms, means, strict=True)]
    found = jeffreys_sampled(torch.tensor(here, dtype=torch.float64), torch.tensor(there, dtype=torch.float64))
    assert float(found.value) == pytest.approx(sum(means), rel=1e-12)
    assert float(found.error) == pytest.approx(math.sqrt(sum(squares)), rel=1e-12)


@pytest.mark.parametrize(("distance", "scale"), [(0.01, 1.0), (0.5, 1.0), (1.0, 1.3), (6.0, 1.0), (0.0, 1.05)])
def test_unbiased_near_and_far(distance: float, scale: float) -> None:
    members = 400
    found = jeffreys_sampled(*_ends(distance, 50, members, scale=scale))
    mean, scatter = float(found.value.mean()), float(found.value.std())
    assert abs(mean - _exact(distance, scale)) < 3 * scatter / math.sqrt(members)
    assert float(found.error.square().mean().sqrt()) == pytest.approx(scatter, rel=0.15)


def test_close_models_are_told_better_than_by_plain_means() -> None:
    here, there = _ends(0.05, 100, 400)
    plain = here.mean(-1) - there.mean(-1)
    assert float(jeffreys_sampled(here, there).value.var()) < 0.01 * float(plain.var())


@pytest.mark.parametrize("distance", [0.1, 1.0, 5.0])
def test_energies_lose_their_constant(distance: float) -> None:
    members, shift = 400, 2.5
    here, there = (d + shift for d in _ends(distance, 60, members))
    found = jeffreys_of_energies(here, there, ledger.bennett(here, there).value)
    mean, scatter = float(found.value.mean()), float(found.value.std())
    # asymptotic: a bias of order 1/count is allowed, of the size of the scatter at most
    assert abs(mean - distance**2) < 3 * scatter / math.sqrt(members) + 0.05 * scatter
    assert float(found.error.square().mean().sqrt()) == pytest.approx(scatter, rel=0.15)


@pytest.mark.parametrize("distance", [0.05, 1.0, 4.0])
def test_separation_of_gaussians_is_jeffreys(distance: float) -> None:
    here, there = _ends(distance, 400, 50)
    assert float(separation_of(here, there).value.mean()) == pytest.approx(
        float(jeffreys_sampled(here, there).value.mean()), rel=0.03
    )


def test_separation_does_not_hang_on_a_few_samples() -> None:
    here, there = _ends(2.0, 400)
    spoilt = here.clone()
    spoilt[0, :4] = 1e7
    assert float(jeffreys_sampled(spoilt, there).value) > 1e4
    assert float(separation_of(spoilt, there).value) == pytest.approx(float(separation_of(here, there).value), rel=0.15)
