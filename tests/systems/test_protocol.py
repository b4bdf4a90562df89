"""What every exact system promises, tested on each of them."""

from __future__ import annotations

import math

import pytest
import torch

from szilard.systems import (
    BoltzmannMachine,
    Categorical,
    GaussianMean,
    GreatCirclePath,
    Ising,
    LaggedGaussian,
    MarkovText,
    MixturePath,
    ProbabilisticPCA,
    System,
)
from szilard.systems.taught import Taught

SYSTEMS: dict[str, System] = {
    "gaussian mean": GaussianMean(
        dimension=2, points=5, model_sigma=0.7, data_sigma=1.2, rate=0.1, noise=0.01, initial_variance=0.3
    ),
    "gaussian mean, minibatches": GaussianMean(
        dimension=1,
        points=5,
        model_sigma=1.0,
        data_sigma=1.0,
        rate=0.2,
        noise=0.0,
        initial_variance=0.3,
        task_variance=0.2,
        batch_size=2,
    ),
    "mixture path": Categorical((0.6, 0.3, 0.1), path=MixturePath()),
    "great circle": Categorical((0.6, 0.3, 0.1), path=GreatCirclePath()),
    "descent": Categorical.random(4),
    "Markov text": MarkovText(vocabulary=3, length=4),
    "Markov text that ends": MarkovText(vocabulary=3, length=4, ends=True, population=2),
    "probabilistic PCA": ProbabilisticPCA(),
    "Ising": Ising(),
    "Boltzmann machine": BoltzmannMachine(visible=4, hidden=3),
    "lagged Gaussian": LaggedGaussian(noise=0.05),
}
LEDGER = {
    "work",
    "heat",
    "ep_conditional",
    "work_reverse",
    "work_direct",
    "energy",
    "entropy_conditional",
    "fluctuation",
}


@pytest.fixture(params=SYSTEMS, name="system")
def _system(request: pytest.FixtureRequest) -> System:
    return SYSTEMS[request.param]


def test_shapes(system: System) -> None:
    one, many = system.simulate(3), system.simulate(3, members=5)
    assert one.dtype == torch.float64
    assert one.shape[0] == 4
    assert many.shape == (5, *one.shape)
    x = system.sample(many, 6, generator=torch.Generator().manual_seed(0))
    assert x.shape[:3] == (5, 4, 6)
    assert system.phi(x, many).shape == (5, 4, 6)


def test_simulate_is_reproducible(system: System) -> None:
    assert torch.equal(system.simulate(3, members=2, seed=4), system.simulate(3, members=2, seed=4))


def test_phi_is_normalised_over_the_outcomes(system: System) -> None:
    total = torch.exp(-system.table(system.simulate(3, members=5))).sum(-1)
    assert torch.allclose(total, torch.ones_like(total), rtol=0, atol=1e-13)


def test_samples_follow_phi(system: System) -> None:
    """The mean of φ over samples is the entropy; its spread gives the error."""
    theta = system.simulate(3)
    phi = system.phi(system.sample(theta, 40_000, generator=torch.Generator().manual_seed(1)), theta)
    for t in range(4):
        truth = system.along(theta[: t + 1])["entropy_conditional"]
        assert abs(float(phi[t].mean()) - truth) <= 4 * float(phi[t].std()) / math.sqrt(40_000) + 1e-12


def test_answers_close_the_first_law(system: System) -> None:
    path = system.simulate(6, seed=2)
    answers, start = system.along(path), system.along(path[:1])
    assert answers["work"] + answers["heat"] == pytest.approx(answers["energy"] - start["energy"], abs=1e-14)
    assert answers["work"] == pytest.approx(answers["ep_conditional"], rel=1e-12)
    assert start["work"] == start["heat"] == start["length"] == 0


def test_answers_carry_the_names_of_the_record(system: System) -> None:
    assert set(system.exact(steps=2)) >= LEDGER
    assert set(system.along(system.simulate(2))) >= LEDGER | {"length", "length_direct"}


def test_ensemble_means_are_means_of_paths(system: System) -> None:
    """``exact`` is the expectation of ``along``, or the path itself where nothing is random."""
    if isinstance(system, Categorical | Taught):
        assert system.exact(steps=2, seed=5)["work"] == system.along(system.simulate(2, seed=5))["work"]
        return
    paths = system.simulate(2, members=400, seed=5)
    values = torch.tensor([system.along(path)["work"] for path in paths], dtype=torch.float64)
    error = float(values.std()) / math.sqrt(len(values))
    assert abs(float(values.mean()) - system.exact(steps=2)["work"]) < 4 * error
