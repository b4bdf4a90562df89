"""The ledger of energies against systems that know the answers: enumerated Ising and RBM, and the lagging Gaussian."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import szilard
from szilard import Ledger, ModelSpace, Monitor
from szilard.models import RBM, RestrictedBoltzmann
from szilard.models.energy import EnergyBased
from szilard.monitor.energetic import EnergeticRecorder, EnergeticSettings
from szilard.monitor.energetic.dynamics import RelaxationProfile
from szilard.monitor.energetic.settings import MOST, ReferenceSteps
from szilard.monitor.measure import Occasion
from szilard.samplers import MALA, ULA, Kernel
from szilard.systems import BoltzmannMachine, Ising, LaggedGaussian
from szilard.systems.energies import EnergySystem
from szilard.verify.as_models import AsEnergetic

pytestmark = pytest.mark.slow

SYSTEMS: dict[str, tuple[Callable[[], EnergySystem], int, int]] = {
    "lagging Gaussian": (lambda: LaggedGaussian(dimension=2, contraction=0.8, speed=0.02), 30, 4),
    "Ising": (lambda: Ising(spins=6, order="random", rate=0.03, batch_size=64), 30, 1),
    "RBM": (lambda: BoltzmannMachine(rate=0.05, batch_size=64), 30, 2),
}
"""Each with its steps and τ, such that Jarzynski's average still has effective chains."""

Row = Mapping[str, float]


def recorded(
    system: EnergySystem, path: Tensor, settings: EnergeticSettings, seed: int = 0
) -> tuple[list[Row], EnergeticRecorder]:
    """Rows of ``ledger`` along a path of θ, one record at each point."""
    ppm = AsEnergetic(system, path[0])
    recorder = EnergeticRecorder(ppm, settings, seed)
    for step, theta in enumerate(path):
        ppm.move_to(theta)
        recorder.observe(Occasion(step, min(step, 1)))
    return [row for _, row in recorder.rows()[0].to_host()], recorder  # type: ignore[misc]


def z_of(row: Row, name: str, truth: float) -> float:
    return (row[name] - truth) / row[f"{name}_error"]


@pytest.mark.parametrize("name", SYSTEMS)
def test_exact_answers(name: str, tmp_path: Path) -> None:
    """Through Monitor: every quantity that the system knows, within three of its errors."""
    make, steps, tau = SYSTEMS[name]
    system = make()
    path = system.simulate(steps, seed=5)
    ppm = AsEnergetic(system, path[0])
    with Monitor(
        ppm, out=tmp_path / "run", measures=[Ledger(every=1, sampler_steps=tau)], quiet=True, seed=3
    ) as monitor:
        for theta in path[1:]:
            ppm.move_to(theta)
            monitor.step()
    run = szilard.open(tmp_path / "run")
    last = run.data.isel(step=-1)
    answers = system.lagged(path, tau)
    found = {}
    for quantity, truth in answers.items():
        if quantity in ("lag", "ep_lagged"):
            continue
        found[quantity] = (float(last[quantity]) - truth) / float(last[f"{quantity}_error"])
    assert len(found) >= 14
    assert all(abs(z) < 3 for z in found.values()), found
    assert float(last["jarzynski_effective_samples"]) > 50
    assert float(last["sampler_steps"]) == steps * tau
    # the dissipated work bounds the entropy production of the chains and their remaining lag
    assert float(last["work_dissipated"]) > answers["ep_lagged"] - 3 * float(last["work_dissipated_error"])


@pytest.mark.parametrize("name", SYSTEMS)
def test_first_laws_close(name: str) -> None:
    make, steps, tau = SYSTEMS[name]
    system = make()
    rows, _ = recorded(
        system, system.simulate(steps, seed=1), EnergeticSettings(tau, chains=20, islands=4, particles=8)
    )
    for row in rows:
        assert row["work"] + row["heat"] == pytest.approx(row["entropy_change"], abs=1e-9)
        assert row["ep_conditional"] == pytest.approx(row["entropy_change"] - row["heat"], abs=1e-9)
        change = row["energy_lagged"] - rows[0]["energy_lagged"]
        assert row["work_lagged"] + row["heat_lagged"] == pytest.approx(change, abs=1e-9)
        assert row["work_dissipated"] == pytest.approx(row["work_lagged"] - row["free_energy_change"], abs=1e-9)
    for name in ("work", "heat", "work_lagged", "heat_lagged", "free_energy_change", "entropy_change", "work_shadow"):
        assert rows[0][name] == 0 and rows[0][f"{name}_error"] == 0


def test_whole_chain() -> None:
    """``1ᵀ Π(T_t^τ diag e^{−ΔE_t}) p_0 = Z_n/Z_0``: exactly by matrices, and by the chains within their error."""
    system = BoltzmannMachine(rate=0.3, batch_size=8)
    path = system.simulate(5, seed=2)
    energies = system.energy(system.states(), path).numpy()
    vector = np.exp(-energies[0] - float(system.log_normaliser(path[0])))
    for before, after, theta in zip(energies[:-1], energies[1:], path[1:], strict=True):
        vector = np.linalg.matrix_power(system.kernel(theta), 2) @ (np.exp(before - after) * vector)
    ratio = float((system.log_normaliser(path[-1]) - system.log_normaliser(path[0])).exp())
    assert vector.sum() == pytest.approx(ratio, rel=1e-12)
    _, recorder = recorded(system, path, EnergeticSettings(2, chains=20_000, islands=2, particles=4))
    weights = torch.exp(-recorder._chains.work)
    error = float(weights.std()) / math.sqrt(len(weights))
    assert error < 0.05 * ratio
    assert abs(float(weights.mean()) - ratio) < 3 * error


def test_errors_are_honest() -> None:
    """Over seeds on one path: estimates scatter about the truth as their errors say."""
    system = LaggedGaussian(dimension=3, contraction=0.7, speed=0.08, noise=0.05)
    path = system.simulate(12, seed=4)
    answers = system.lagged(path, 2)
    settings = EnergeticSettings(2, chains=64, islands=12, particles=32)
    names = ("work", "heat", "heat_stepwise", "free_energy_change", "work_dissipated", "lag_work", "heat_lagged")
    truth = {**answers, "heat_stepwise": answers["heat"]}
    seeds = 24
    last = [recorded(system, path, settings, seed)[0][-1] for seed in range(seeds)]
    for name in names:
        z = [z_of(row, name, truth[name]) for row in last]
        # t with 11 degrees of freedom has variance 1.22
        assert abs(statistics.fmean(z)) < 3.5 * 1.2 / math.sqrt(seeds), (name, statistics.fmean(z))
        assert 0.7 < statistics.stdev(z) < 1.5, (name, statistics.stdev(z))


def test_dragged_far_the_reference_is_resampled_and_stays() -> None:
    """θ moves by 6 standard deviations: no sample of the first model would still count."""
    system = LaggedGaussian(dimension=2, sigma=1.0, contraction=0.5, speed=0.15, tilt=1.0)
    path = system.simulate(40)
    rows, _ = recorded(system, path, EnergeticSettings(6, chains=8, islands=16, particles=64), seed=1)
    answers = system.lagged(path, 6)
    assert rows[-1]["resamplings"] >= 16
    assert min(row["effective_sample_size"] for row in rows) > 0.3
    for name in ("work", "free_energy_change", "heat", "energy"):
        assert abs(z_of(rows[-1], name, answers[name])) < 3, name
    checks = [z_of(row, "fluctuation", 1.0) for row in rows[1:]]
    assert max(map(abs, checks)) < 4.5


# Unadjusted kernels, and reversibility


class Trap(nn.Module):
    """``E = k|x − c|²/2``: ``ΔF = (d/2) Δ ln k``."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.centre = nn.Parameter(torch.zeros(d))
        self.log_stiffness = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        return torch.exp(self.log_stiffness) * (x - self.centre).square().sum(1) / 2


def normal_start(count: int, generator: torch.Generator) -> Tensor:
    return torch.randn(count, 2, generator=generator)


def trapped(kernel: Kernel, steps: int = 10, rate: float = 0.08) -> tuple[Row, Tensor]:
    trap = Trap(2)
    ppm = EnergyBased(trap, kernel, normal_start, starts_exactly=True)
    recorder = EnergeticRecorder(ppm, EnergeticSettings(3, chains=2000, islands=16, particles=128), 1)
    for step in range(steps + 1):
        with torch.no_grad():
            recorder.observe(Occasion(step, 1))
            trap.log_stiffness.add_(rate)
    return recorder.rows()[0].to_host()[-1][1], recorder._chains.work  # type: ignore[return-value]


def test_an_annealed_normaliser_brings_its_error(tmp_path: Path) -> None:
    """ln Z_0 is one number for all islands, so that they do not see its error."""
    machine = RBM(24, 21)
    with torch.no_grad():
        machine.weight.copy_(0.3 * torch.randn(21, 24, generator=torch.Generator().manual_seed(1)))
    ppm = RestrictedBoltzmann(machine, annealing=20)
    _, annealed = ppm.anneal(20)
    data = ppm.start(8, torch.Generator().manual_seed(2))
    books = Ledger(samples=32, sampler_steps=1, reference_steps=1)
    space = ModelSpace(samples=8, data=data, sampler_steps=1)
    with Monitor(ppm, None, measures=[books, space], out=tmp_path / "run", quiet=True) as monitor:
        monitor.step()
    run = szilard.open(tmp_path / "run")
    assert annealed.error > 0.01
    assert float(run.data.log_normaliser_error[0]) == pytest.approx(annealed.error)
    over_islands = float(run.data.energy_error[0])
    assert float(run.data.entropy_conditional_error[0]) == pytest.approx(math.hypot(over_islands, annealed.error))
    over_data = float(ppm.energy(data).detach().std()) / math.sqrt(8)
    expected = math.hypot(over_data, annealed.error) / 24
    assert float(run.tree["model_space"].cross_entropy_error[0]) == pytest.approx(expected)


def test_shadow_work_mends_an_unadjusted_kernel() -> None:
    """Unadjusted Langevin at a coarse step does not keep ``e^{−E}``; its shadow work counted, ΔF and Jarzynski hold."""
    last, work = trapped(ULA(step_size=0.3))
    free_energy = 0.8  # (d/2)·10·0.08
    assert abs(z_of(last, "free_energy_change", free_energy)) < 3
    assert abs(z_of(last, "jarzynski", 1.0)) < 3
    uncounted = torch.exp(free_energy - work)
    assert abs(float(uncounted.mean()) - 1) > 3 * float(uncounted.std()) / math.sqrt(len(work))
    assert abs(last["work_shadow"]) > 5 * last["work_shadow_error"] and last["acceptance"] == 1
    whole = last["work_lagged"] + last["work_shadow"] - last["free_energy_change"]
    assert last["work_dissipated"] == pytest.approx(whole, abs=1e-9)


def test_the_reference_relaxes_for_as_long_as_it_remembers() -> None:
    """τ = 2 of a sampler that needs 50 steps to forget: chains lag by far, and the ideal sampler is still ideal."""
    d, steps, speed = 10, 25, 0.1
    trap = Trap(d)

    def start(count: int, generator: torch.Generator) -> Tensor:
        return torch.randn(count, d, generator=generator)

    ppm = EnergyBased(trap, MALA(step_size=0.02), start, starts_exactly=True)
    with torch.no_grad():
        recorder = EnergeticRecorder(ppm, EnergeticSettings(2, chains=64), 0)
        for step in range(steps + 1):
            recorder.observe(Occasion(step, 1))
            trap.centre.add_(speed)
        last: Row = recorder.rows()[0].to_host()[-1][1]  # type: ignore[assignment]
    work = d * speed**2 / 2 * steps
    truth = {"work": work, "free_energy_change": 0.0, "heat": -work, "energy": d / 2}
    for name, value in truth.items():
        assert abs(z_of(last, name, value)) < 3, name
    assert 40 <= last["reference_steps"] <= 100 and last["reference_memory"] < 0.5
    assert last["lag_work"] > 10 * last["work"]
    given = EnergeticRecorder(ppm, EnergeticSettings(2, chains=8, particles=8, reference_steps=3), 0)
    assert given.attributes["reference_steps"] == 3


def test_stride() -> None:
    steps = ReferenceSteps(20, fixed=False)
    assert steps.learn(0.55) and steps.steps == 40  # 20 ln 0.3/ln 0.55 = 40.3: no more than twice at once
    assert steps.learn(0.99) and steps.steps == 80
    assert steps.learn(0.99) and steps.steps == MOST
    assert not steps.learn(math.nan)
    for _ in range(9):
        steps.learn(0.0)
    assert steps.steps == 20 and not ReferenceSteps(5, fixed=True).learn(0.9)


def test_adjusted_langevin_has_none() -> None:
    last, _ = trapped(MALA(step_size=0.3))
    assert last["work_shadow"] == 0
    assert 0.7 < last["acceptance"] < 1
    assert abs(z_of(last, "free_energy_change", 0.8)) < 3 and abs(z_of(last, "jarzynski", 1.0)) < 3


def test_detailed_balance_is_told_from_its_breach() -> None:
    """One sweep that updates the two halves of the ring in a fixed order turns around; in random order it does not."""
    found = {}
    orders: tuple[Literal["random", "alternating"], ...] = ("random", "alternating")
    for order in orders:
        system = Ising(spins=6, coupling=0.8, order=order)
        path = torch.tensor([[0.8, 0.0]], dtype=torch.float64).expand(12, 2)
        rows, _ = recorded(system, path, EnergeticSettings(1, chains=16, particles=128, reference_steps=1))
        z = [z_of(row, "detailed_balance", 0.0) for row in rows]
        found[order] = sum(z) / math.sqrt(len(z))
    assert abs(found["random"]) < 3.5 and abs(found["alternating"]) > 10, found


# The fine resolution


def test_relaxation_inside_an_update() -> None:
    system = LaggedGaussian(dimension=3, contraction=0.9, speed=0.3)
    path = system.simulate(3)
    tau = 6
    ppm = AsEnergetic(system, path[0])
    recorder = EnergeticRecorder(ppm, EnergeticSettings(tau, chains=4000, islands=2, particles=4), 0)
    for step, theta in enumerate(path):
        ppm.move_to(theta)
        recorder.observe(Occasion(step, 1))
    table = recorder.rows()[1].to_host()
    sub_steps = [int(s) for s in recorder.groups[1].coordinates["sub_step"]]
    assert sub_steps[:5] == [0, 1, 2, 4, 6] and sub_steps[-1] == 5 * tau and sub_steps == sorted(set(sub_steps))
    assert [step for step, _ in table] == [0, 1, 2, 3]
    exact = system.relaxation(path, tau, 5 * tau)
    row = table[-1][1]
    for s, mean, error in zip(sub_steps, row["relaxation"], row["relaxation_error"], strict=True):  # type: ignore[arg-type]
        assert abs(mean - exact[s]) < 3.5 * error


def test_autocorrelation_time_of_the_energy() -> None:
    """``E ∝ |x − θ|²`` of a chain that contracts by λ forgets by λ² a step: ``(1 + λ²)/(1 − λ²)``."""
    contraction = 0.9
    x = torch.randn(20_000, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    profile = RelaxationProfile.of(12)
    energies = []
    for _ in profile.beyond:
        energies.append(x.square() / 2)
        noise = torch.randn(len(x), dtype=torch.float64, generator=generator)
        x = contraction * x + math.sqrt(1 - contraction**2) * noise
    time = float(profile.autocorrelation_time(torch.stack(energies)))
    assert time == pytest.approx((1 + contraction**2) / (1 - contraction**2), rel=0.1)
    white = torch.randn(len(profile.beyond), 5000, dtype=torch.float64, generator=generator)
    assert float(profile.autocorrelation_time(white)) == pytest.approx(1, abs=0.1)
    still = torch.ones(len(profile.beyond), 5, dtype=torch.float64)
    assert float(profile.autocorrelation_time(still)) == 1


@pytest.mark.parametrize("tau", [1, 2, 3, 16, 100])
def test_looks_are_sensible_for_any_number_of_steps(tau: int) -> None:
    profile = RelaxationProfile.of(tau)
    assert profile.within[0] == 0 and profile.within[-1] == profile.beyond[0] == tau
    assert len(profile.beyond) <= 129 and profile.beyond[-1] == pytest.approx(5 * tau, abs=tau / 16)
    assert list(profile.sub_steps) == sorted(set(profile.sub_steps))


# How it goes about it


def test_same_seed_same_rows_and_a_rehearsal_moves_nothing() -> None:
    system = Ising(spins=4, rate=0.05)
    path = system.simulate(4, seed=0)
    settings = EnergeticSettings(2, chains=8, islands=3, particles=8)
    plain, _ = recorded(system, path, settings, seed=9)
    other, _ = recorded(system, path, settings, seed=10)
    ppm = AsEnergetic(system, path[0])
    recorder = EnergeticRecorder(ppm, settings, 9)
    for step, theta in enumerate(path):
        ppm.move_to(theta)
        recorder.observe(Occasion(step, min(step, 1)))
        assert recorder.rehearse(lambda: 0.0) == 0
    rehearsed = [row for _, row in recorder.rows()[0].to_host()]
    assert rehearsed == plain and other != plain


def test_batches_do_not_matter() -> None:
    system = Ising(spins=4, rate=0.05)
    path = system.simulate(5, seed=0)
    settings = EnergeticSettings(2, chains=8, islands=3, particles=8)
    together, _ = recorded(system, path, settings)
    ppm = AsEnergetic(system, path[0])
    recorder = EnergeticRecorder(ppm, settings, 0)
    singly = []
    for step, theta in enumerate(path):
        ppm.move_to(theta)
        recorder.observe(Occasion(step, min(step, 1)))
        singly += [row for _, row in recorder.rows()[0].to_host()]
    assert singly == together


def train(out: Path | None) -> tuple[list[float], list[Tensor]]:
    """Contrastive divergence on a small network with batch-norm and dropout, watched or not."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(0.2), nn.Linear(8, 1))

    def energy(model: nn.Module, x: Tensor) -> Tensor:
        return model(x).squeeze(1) + x.square().sum(1) / 2

    kernel = MALA(step_size=0.2)
    ppm = EnergyBased(net, kernel, normal_start, forward=energy)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
    monitor = None
    if out is not None:
        settings = {"measures": [Ledger(every=2, sampler_steps=3, samples=8)], "quiet": True}
        monitor = Monitor(ppm, optimizer, out, **settings)  # type: ignore[arg-type]
    losses = []
    for _ in range(6):
        data, negative = torch.randn(16, 2) + 1, torch.randn(16, 2)
        loss = energy(net, data).mean() - energy(net, negative).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if monitor is not None:
            assert all(p.grad is not None for p in net.parameters())
            monitor.step(loss=loss)
    if monitor is not None:
        monitor.close()
    return losses, [p.detach().clone() for p in [*net.parameters(), *net.buffers()]]


def test_watching_changes_nothing(tmp_path: Path) -> None:
    bare_losses, bare = train(None)
    losses, after = train(tmp_path / "run")
    assert losses == bare_losses
    assert all(torch.equal(a, b) for a, b in zip(after, bare, strict=True))
    run = szilard.open(tmp_path / "run")
    assert run.data.sizes["step"] == 4 and bool(np.isfinite(run.data["work_dissipated"]).all())
    assert run.tree.attrs["capability"] == "energetic" and run.tree.attrs["burn_in"] == 1000
    assert "log_normaliser" not in run.data


@pytest.mark.parametrize("particles", [16, 32, 64])
def test_half_or_twice_the_budget_moves_nothing_beyond_errors(particles: int) -> None:
    system = Ising(spins=6, order="random", rate=0.03, batch_size=64)
    path = system.simulate(12, seed=3)
    answers = system.lagged(path, 2)
    rows, _ = recorded(system, path, EnergeticSettings(2, chains=2 * particles, particles=particles), seed=2)
    for name in ("work", "heat", "free_energy_change", "work_dissipated", "heat_lagged"):
        assert abs(z_of(rows[-1], name, answers[name])) < 3, name
