"""Eqs. 24-26 where every term is known: the ledger's q and σ against L-info and the entropy of the marginal."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from szilard import ledger
from szilard.systems import GaussianMean

SYSTEM = GaussianMean(
    dimension=2,
    points=7,
    model_sigma=1.3,
    data_sigma=0.8,
    rate=0.4,
    noise=0.05,
    initial_variance=0.4,
    task_variance=0.6,
)
STEPS, MEMBERS = 5, 100_000


def _marginal_surprisal(x: Tensor, steps: int) -> Tensor:
    """s[p(x)] = −ln N(x; 0, s² + V)."""
    variance = SYSTEM.model_sigma**2 + SYSTEM.exact(steps=steps)["parameter_variance"]
    return x.square().sum(-1) / (2 * variance) + 0.5 * SYSTEM.dimension * math.log(2 * math.pi * variance)


@pytest.fixture(scope="module", name="trajectories")
def _trajectories() -> tuple[ledger.Pathwise, Tensor, Tensor]:
    """One trajectory of X for each member, with the marginal surprisals at both ends."""
    paths = SYSTEM.simulate(STEPS, members=MEMBERS, seed=3)
    generator = torch.Generator().manual_seed(4)
    x = SYSTEM.sample(paths[:, 0], 1, generator=generator)
    sums = ledger.Pathwise.start(SYSTEM.phi(x, paths[:, 0]))
    start = _marginal_surprisal(x, 0)
    for t in range(1, STEPS + 1):
        fresh = SYSTEM.sample(paths[:, t], 1, generator=generator)
        sums = sums.advance(SYSTEM.phi(x, paths[:, t]), SYSTEM.phi(fresh, paths[:, t]))
        x = fresh
    return sums, start, _marginal_surprisal(x, STEPS)


def test_stochastic_mutual_information(trajectories: tuple[ledger.Pathwise, Tensor, Tensor]) -> None:
    """Eq. 24 on every trajectory: i_n − i_0 = −q + s[p(x_n)] − s[p(x_0)] − σ, with i = s[p(x)] − s[p(x|θ)]."""
    sums, start, end = trajectories
    change = (end - sums.entropy) - (start - sums.entropy_start)
    assert torch.allclose(change, -sums.heat + end - start - sums.entropy_production, rtol=0, atol=1e-12)


def test_averages(trajectories: tuple[ledger.Pathwise, Tensor, Tensor]) -> None:
    """Eqs. 25-26 on average: every term is the closed form's, and ΔI = Σ_X − Σ_{X|Θ}."""
    sums, start, end = trajectories
    answers = SYSTEM.exact(steps=STEPS)
    measured = {
        "heat": sums.heat,
        "ep_conditional": sums.entropy_production,
        "ep_marginal": end - start - sums.heat,
        "ep_ignorance": (end - sums.entropy) - (start - sums.entropy_start),
        "l_info": end - sums.entropy,
        "entropy_marginal": end,
        "entropy_conditional": sums.entropy,
    }
    for name, values in measured.items():
        estimate = ledger.over_replicates(values[:, 0])
        assert abs(estimate.z(answers[name])) < 4, (name, estimate, answers[name])
    assert answers["ep_ignorance"] == pytest.approx(answers["ep_marginal"] - answers["ep_conditional"], abs=1e-14)


@pytest.mark.parametrize("steps", [1, 5, 50, 500])
def test_second_laws(steps: int) -> None:
    """Σ_{X|Θ} ≥ 0 and Σ_X ≥ Δ l_info; information cannot exceed its cause: I(X;B) ≤ min(I(X;Θ), I(Θ;B))."""
    answers = SYSTEM.exact(steps=steps)
    assert answers["ep_conditional"] >= 0
    assert answers["ep_marginal"] >= answers["ep_ignorance"]
    assert answers["info_data"] <= min(answers["l_info"], answers["m_info"])


def test_clausius_is_no_theorem() -> None:
    """At stationarity W grows for ever while S(Θ) and the informations stand still."""
    early, late = SYSTEM.exact(steps=200), SYSTEM.exact(steps=400)
    assert late["l_info"] == pytest.approx(early["l_info"], abs=1e-9)
    assert late["parameter_entropy_change"] == pytest.approx(early["parameter_entropy_change"], abs=1e-9)
    assert late["clausius_information"] > 1.9 * early["clausius_information"]
    assert late["clausius_residual"] - early["clausius_residual"] == pytest.approx(late["heat"] - early["heat"])
