"""Systems with a sampler: kernels against their own samples, invariance, Jarzynski as matrices, the second law."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from szilard.errors import SpecError
from szilard.systems import BoltzmannMachine, EnergySystem, EnumeratedEnergy, Ising, LaggedGaussian

ENUMERATED: dict[str, EnumeratedEnergy] = {
    "Ising": Ising(spins=4),
    "Ising, random order": Ising(spins=4, order="random"),
    "Boltzmann machine": BoltzmannMachine(visible=4, hidden=3),
}
SYSTEMS: dict[str, EnergySystem] = {**ENUMERATED, "lagged Gaussian": LaggedGaussian(noise=0.05)}


@pytest.fixture(params=ENUMERATED, name="system")
def _system(request: pytest.FixtureRequest) -> EnumeratedEnergy:
    return ENUMERATED[request.param]


@pytest.fixture(params=SYSTEMS, name="energetic")
def _energetic(request: pytest.FixtureRequest) -> EnergySystem:
    return SYSTEMS[request.param]


@pytest.mark.parametrize("coupling", [-0.7, 0.0, 0.3, 1.5])
def test_ring_without_field(coupling: float) -> None:
    theta = torch.tensor([coupling, 0.0], dtype=torch.float64)
    for spins in (4, 6, 10):
        closed = math.log((2 * math.cosh(coupling)) ** spins + (2 * math.sinh(coupling)) ** spins)
        assert float(Ising(spins=spins).log_normaliser(theta)) == pytest.approx(closed, rel=1e-13)


def test_normaliser_is_the_sum_over_states(system: EnumeratedEnergy) -> None:
    path = system.simulate(8, seed=1)
    listed = torch.logsumexp(-system.energy(system.states(), path), -1)
    assert torch.allclose(system.log_normaliser(path), listed, rtol=0, atol=1e-13)


def test_marginal_energy_sums_over_hidden_units() -> None:
    machine = BoltzmannMachine(visible=3, hidden=2)
    w, b, c = (part.numpy() for part in machine.split(machine.teacher()))
    for v, energy in zip(
        machine.states().numpy(), machine.energy(machine.states(), machine.teacher()).tolist(), strict=True
    ):
        joint = sum(math.exp(v @ w @ h + b @ v + c @ h) for h in map(np.array, itertools.product((0, 1), repeat=2)))
        assert energy == pytest.approx(-math.log(joint), rel=1e-13)


def test_kernel_is_stochastic_and_leaves_the_model_invariant(system: EnumeratedEnergy) -> None:
    theta = system.teacher()
    kernel, p = system.kernel(theta), torch.exp(-system.phi(system.states(), theta)).numpy()
    assert np.allclose(kernel.sum(0), 1, rtol=0, atol=1e-14)
    assert np.allclose(kernel @ p, p, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("name", "reversible"), [("Ising", False), ("Ising, random order", True), ("Boltzmann machine", True)]
)
def test_detailed_balance(name: str, reversible: bool) -> None:
    system = ENUMERATED[name]
    theta = system.teacher()
    flow = system.kernel(theta) * torch.exp(-system.phi(system.states(), theta)).numpy()
    assert np.allclose(flow, flow.T, rtol=0, atol=1e-14) is reversible


def test_relax_follows_the_kernel(system: EnumeratedEnergy) -> None:
    """From one state each: the counts of what comes of it, within 4.5 of their standard errors (about 500 cells)."""
    theta, states, count = system.teacher(), system.states(), 4000
    kernel = np.linalg.matrix_power(system.kernel(theta), 2)
    generator = torch.Generator().manual_seed(3)
    lowest = states.min()
    powers = 2.0 ** torch.arange(states.shape[1], dtype=torch.float64)
    for at in range(0, len(states), 5):
        moved = system.relax(states[at].expand(count, -1), theta, 2, generator=generator)
        places = ((moved > lowest).double() @ powers).long()
        share = torch.bincount(places, minlength=len(states)).numpy() / count
        error = np.sqrt(kernel[:, at] * (1 - kernel[:, at]) / count) + 1 / count
        assert np.abs(share - kernel[:, at]).max() < 4.5 * error[np.abs(share - kernel[:, at]).argmax()]


def test_relax_keeps_what_it_is_given(energetic: EnergySystem) -> None:
    theta = energetic.simulate(3)[-1]
    x = energetic.sample(theta, 20, generator=torch.Generator().manual_seed(0))
    kept = x.clone()
    once, again = (energetic.relax(x, theta, 3, generator=torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(x, kept)
    assert torch.equal(once, again)
    assert not torch.equal(once, x)
    assert torch.equal(energetic.relax(x, theta, 0, generator=torch.Generator()), x)


@pytest.mark.parametrize("sampler_steps", [0, 1, 5])
def test_whole_chain(system: EnumeratedEnergy, sampler_steps: int) -> None:
    """``1ᵀ Π (T diag e^{−ΔE}) p_0 = Z_n/Z_0``, however short the relaxation."""
    chain, ratio = system.whole_chain(system.simulate(20, seed=2), sampler_steps)
    assert chain == pytest.approx(ratio, rel=1e-12)


@pytest.mark.parametrize("sampler_steps", [1, 4])
def test_second_law_of_lagging_chains(energetic: EnergySystem, sampler_steps: int) -> None:
    """W_diss = Σ + KL(ρ_n‖p_n), both not negative; the first law closes; relaxation ends where the record does."""
    path = energetic.simulate(12, seed=1)
    start = energetic.lagged(path[:1], sampler_steps)
    a = energetic.lagged(path, sampler_steps)
    assert a["work_dissipated"] == pytest.approx(a["ep_lagged"] + a["lag"], rel=1e-10)
    assert a["ep_lagged"] > 0
    assert a["lag"] > 0
    assert a["work_lagged"] + a["heat_lagged"] == pytest.approx(a["energy_lagged"] - start["energy_lagged"], rel=1e-11)
    assert a["work"] + a["free_energy_change"] + a["heat"] == pytest.approx(a["energy"] - start["energy"], abs=1e-12)
    assert a["free_energy_change"] == pytest.approx(start["log_normaliser"] - a["log_normaliser"], rel=1e-11)
    assert a["entropy_conditional"] == pytest.approx(a["energy"] + a["log_normaliser"], rel=1e-12)
    profile = energetic.relaxation(path, sampler_steps, 2 * sampler_steps)
    assert profile[sampler_steps] == pytest.approx(a["energy_lagged"], rel=1e-12)


def test_long_relaxation_is_an_ideal_sampler(energetic: EnergySystem) -> None:
    a = energetic.lagged(energetic.simulate(6, seed=1), 200)
    assert a["work_dissipated"] == pytest.approx(a["work"], rel=1e-9)
    assert a["heat_lagged"] == pytest.approx(a["heat"], rel=1e-8)
    assert a["lag"] == pytest.approx(0, abs=1e-12)


def test_lagged_gaussian_in_the_steady_state() -> None:
    """``EP/step = d(v²/2s²)(1+λ)/(1−λ)`` of the whole update, and each step's ``(1−λ²)(μ−θ)²/2s²``."""
    system = LaggedGaussian(dimension=3, sigma=0.6, contraction=0.8, speed=-0.2, tilt=1.0)
    path = system.simulate(200)
    rate = system.lagged(path, 2)["work_dissipated"] - system.lagged(path[:-1], 2)["work_dissipated"]
    assert rate == pytest.approx(system.ep_rate(2), rel=1e-10)
    left = 0.8**2
    assert system.ep_rate(2) == pytest.approx(3 * 0.2**2 / (2 * 0.6**2) * (1 + left) / (1 - left))


def test_chains_of_the_lagged_gaussian() -> None:
    """Simulated chains have the energies that the closed forms say."""
    system = LaggedGaussian(contraction=0.8, speed=0.3)
    path, generator = system.simulate(4), torch.Generator().manual_seed(6)
    x = system.sample(path[0], 40_000, generator=generator)
    for theta in path[1:]:
        x = system.relax(x, theta, 2, generator=generator)
    energy = system.energy(x, path[-1])
    error = float(energy.std()) / math.sqrt(len(x))
    assert abs(float(energy.mean()) - system.lagged(path, 2)["energy_lagged"]) < 4 * error


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Ising(spins=5), "even number"),
        (lambda: Ising(spins=14), "keep it at 12"),
        (lambda: Ising(order="both"), "give 'alternating' or 'random'"),  # type: ignore[arg-type]
        (lambda: Ising(field=math.nan), "give a finite number"),
        (lambda: Ising(batch_size=0), "1 or more"),
        (lambda: BoltzmannMachine(visible=12, hidden=8), "keep them at 16"),
        (lambda: BoltzmannMachine(rate=-1.0), "above 0"),
        (lambda: LaggedGaussian(contraction=1.0), "less than 1"),
        (lambda: LaggedGaussian(speed=math.inf), "give a finite number"),
    ],
)
def test_bad_input(make: object, says: str) -> None:
    with pytest.raises(SpecError, match=says):
        make()  # type: ignore[operator]
