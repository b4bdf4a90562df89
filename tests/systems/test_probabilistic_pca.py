"""Probabilistic PCA: closed forms against sums over a grid, the posterior, and the gap of its bounds."""

from __future__ import annotations

import math

import pytest
import torch

from szilard.errors import SpecError
from szilard.systems import ProbabilisticPCA
from szilard.systems.decimal_sums import ledger_of


def test_answers_against_sums_over_a_grid() -> None:
    """In one dimension, where x is so simple that a grid of some hundred points is exact."""
    system = ProbabilisticPCA(dimension=1, population=2)
    path = system.simulate(4, seed=1)
    x, volume = system.outcomes(path)
    by_grid = ledger_of(system.table(path).tolist())
    answers = system.along(path)
    for name, value in by_grid.items():
        shift = math.log(volume) if name in ("energy", "entropy_conditional") else 0.0
        assert answers[name] == pytest.approx(value + shift, rel=1e-9, abs=1e-12), name
    assert len(x) < 200


def test_joint_posterior_and_likelihood_agree() -> None:
    """``p(x, z) = p(x) p(z|x)`` at every point, with α = 1."""
    system = ProbabilisticPCA(dimension=4, latent=2, widening=1.0)
    theta, generator = system.teacher(), torch.Generator().manual_seed(1)
    x, z = system.sample_joint(theta, 50, generator=generator)
    drawn = torch.cat([z[:, None], system.propose(x, theta, 3, generator=generator)], 1)
    log_ratio = system.log_joint(x, drawn, theta) - system.log_proposal(x, drawn, theta)
    assert torch.allclose(log_ratio, -system.phi(x, theta)[:, None].expand(-1, 4), rtol=0, atol=1e-11)


def test_work_on_the_joint() -> None:
    """Against ``E_p(x,z)`` of the log ratio by sampling, and never below the work on x alone."""
    system = ProbabilisticPCA(dimension=3, latent=2)
    path = system.simulate(1, seed=3)
    answers = system.along(path)
    x, z = system.sample_joint(path[0], 200_000, generator=torch.Generator().manual_seed(2))
    ratio = (system.log_joint(x, z[:, None], path[0]) - system.log_joint(x, z[:, None], path[1]))[:, 0]
    k3 = ratio + torch.expm1(-ratio)
    assert abs(float(k3.mean()) - answers["work_joint"]) < 4 * float(k3.std()) / math.sqrt(len(k3))
    assert answers["work_joint"] > answers["work"] > 0


@pytest.mark.parametrize("widening", [1.0, 1.2, 2.0])
def test_offsets_of_the_bounds(widening: float) -> None:
    system = ProbabilisticPCA(dimension=3, latent=2, widening=widening)
    theta, generator = system.teacher(), torch.Generator().manual_seed(4)
    x, z = system.sample_joint(theta, 40_000, generator=generator)
    above, below = system.bound_offsets()
    for draw, offset in ((system.propose(x, theta, 1, generator=generator), above), (z[:, None], -below)):
        excess = system.log_proposal(x, draw, theta) - system.log_joint(x, draw, theta) - system.phi(x, theta)[:, None]
        assert abs(float(excess.mean()) - offset) <= 4 * float(excess.std()) / math.sqrt(len(x)) + 1e-12


def test_it_learns_its_teacher() -> None:
    system = ProbabilisticPCA(batch_size=200)
    path = system.simulate(300, seed=2)
    far, near = (system.along(torch.stack([system.teacher(), theta]))["work"] for theta in (path[0], path[-1]))
    assert near < 0.1 * far


@pytest.mark.parametrize(
    ("keywords", "says"),
    [
        ({"dimension": 0}, "1 or more"),
        ({"widening": 0.9}, "no variance"),
        ({"widening": math.inf}, "finite"),
        ({"batch_size": 0}, "1 or more"),
        ({"spread": 0.0}, "above 0"),
    ],
)
def test_bad_input(keywords: dict[str, float], says: str) -> None:
    with pytest.raises(SpecError, match=says):
        ProbabilisticPCA(**keywords)  # type: ignore[arg-type]


def test_a_grid_over_many_dimensions_is_refused() -> None:
    system = ProbabilisticPCA(dimension=6)
    with pytest.raises(SpecError, match="closed forms"):
        system.outcomes(system.simulate(1))
