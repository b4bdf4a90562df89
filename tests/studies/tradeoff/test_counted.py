"""Machines whose states are counted: laws and sampler against an exact system, the ledger against a transcription."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from szilard.studies.tradeoff.engine.enumeration import SHORT, Enumeration, Machine, every_state, index_of
from szilard.studies.tradeoff.engine.lagged import OF_CHAINS, LaggedLedger
from szilard.studies.tradeoff.engine.learning import Chains, Learning, ascended, means_of_examples, means_of_law
from szilard.studies.tradeoff.engine.training import train_state
from szilard.studies.tradeoff.spec import State
from szilard.systems import BoltzmannMachine

VISIBLE, HIDDEN = 4, 3


def machines(members: int = 2, seed: int = 0, spread: float = 1.0) -> Machine:
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return spread * torch.randn(members, *shape, generator=generator, dtype=torch.float64)

    return Machine(normal(VISIBLE, HIDDEN), normal(VISIBLE), normal(HIDDEN))


def theta_of(machine: Machine, member: int) -> Tensor:
    """As the exact system has its parameters."""
    one = machine[member]
    return torch.cat([one.weights.flatten(), one.visible, one.hidden])


def test_laws_and_sampler_against_the_exact_system() -> None:
    system = BoltzmannMachine(visible=VISIBLE, hidden=HIDDEN)
    machine, states = machines(), every_state(VISIBLE)
    place = index_of(system.states())  # of its states among ours
    counted = Enumeration(machine, states)
    for member in range(2):
        theta = theta_of(machine, member)
        assert torch.allclose(counted.energy[member], system.energy(states, theta), rtol=1e-13)
        assert counted.free_energy[member].item() == pytest.approx(-float(system.log_normaliser(theta)), rel=1e-13)
        assert counted.law[member].sum().item() == pytest.approx(1, abs=1e-14)
        assert torch.allclose(counted.law[member], torch.exp(-counted.phi[member]), rtol=1e-12)
        kernel = torch.from_numpy(system.kernel(theta))
        laws = torch.softmax(torch.randn(2, 16, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64), 1)
        for steps in ([1, 1, 1], [1, 2, SHORT], [1, 5, SHORT + 9]):
            relaxed = counted.relaxed(laws, steps)
            for column, tau in enumerate(steps):
                wanted = torch.linalg.matrix_power(kernel, tau) @ laws[member, place, column]
                assert torch.allclose(relaxed[member, place, column], wanted, rtol=1e-11, atol=1e-15), (steps, tau)


def test_the_sampler_leaves_the_law_alone_and_is_reversible() -> None:
    counted = Enumeration(machines(), every_state(VISIBLE))
    law = counted.law[..., None]
    assert torch.allclose(counted.relaxed(law, [1]), law, rtol=1e-13)
    identity = torch.eye(16, dtype=torch.float64).expand(2, -1, -1)
    kernel = counted.relaxed(identity, [1] * 16)  # columns: from v
    flow = kernel * counted.law[:, None, :]
    assert torch.allclose(flow, flow.transpose(1, 2), rtol=1e-12)


def naive(way: list[Machine], tau: int) -> dict[str, np.ndarray]:
    """The definitions of the ledger for member 0, with matrices of the exact system and NumPy alone."""
    system = BoltzmannMachine(visible=VISIBLE, hidden=HIDDEN)
    thetas = [theta_of(machine, 0) for machine in way]
    energies = [system.energy(system.states(), theta).numpy() for theta in thetas]
    free = [-np.log(np.exp(-energy).sum()) for energy in energies]
    laws = [np.exp(f - energy) for f, energy in zip(free, energies, strict=True)]
    rho, tilted = laws[0], laws[0]
    entropy = first = -(rho * np.log(rho)).sum()
    lagged = heat = work = coarse = 0.0
    for t in range(1, len(way)):
        kernel = np.linalg.matrix_power(system.kernel(thetas[t]), tau)
        change = energies[t] - energies[t - 1]
        lagged += (rho * change).sum()
        new = kernel @ rho
        heat += (energies[t] * new).sum() - (energies[t] * rho).sum()
        work += (laws[t - 1] * np.log(laws[t - 1] / laws[t])).sum()
        if t % 2 == 0:
            coarse += (laws[t - 2] * np.log(laws[t - 2] / laws[t])).sum()
        tilted = kernel @ (np.exp(-change) * tilted)
        rho = new
        entropy = -(rho * np.log(rho)).sum()
    return {
        "work_lagged": lagged, "heat": heat, "entropy": entropy, "work_dissipated": lagged - (free[-1] - free[0]),
        "lag": (rho * np.log(rho / laws[-1])).sum(), "ep_conditional": entropy - first - heat, "work": work,
        "work_coarse": coarse, "free_energy_change": free[-1] - free[0],
        "jarzynski": tilted.sum() * np.exp(free[-1] - free[0]),
    }  # fmt: skip


@pytest.mark.parametrize("tau", [1, 3, SHORT + 3])
def test_the_ledger_against_a_transcription(tau: int) -> None:
    way = [machines(seed=seed, spread=0.7) for seed in range(6)]
    ledger = LaggedLedger(way[0], [tau, 2])
    for machine in way[1:]:
        ledger.move(machine)
    row = ledger.row()
    for name, wanted in naive(way, tau).items():
        found = row[name][0, 0] if name in OF_CHAINS else row[name][0]
        assert found.item() == pytest.approx(wanted, rel=1e-10, abs=1e-12), name
    for name, wanted in naive(way, 2).items():
        if name in OF_CHAINS:
            assert row[name][0, 1].item() == pytest.approx(wanted, rel=1e-10, abs=1e-12), name


def test_dissipation_pays_for_lag_and_production_and_jarzynski_holds() -> None:
    way = [machines(seed=seed) for seed in range(8)]
    ledger = LaggedLedger(way[0], [1, 2, 9])
    for machine in way[1:]:
        ledger.move(machine)
        row = ledger.row()
        assert torch.allclose(row["work_dissipated"] - row["lag"], row["ep_conditional"], atol=1e-12)
        assert torch.allclose(row["jarzynski"], torch.ones(2, dtype=torch.float64), rtol=1e-12)
        assert (row["ep_conditional"] > 0).all() and (row["lag"][:, :2] > 0).all()
        # Pinsker's inequality; nine steps relax X so well that the lag is 0 up to rounding, of either sign
        apart = (ledger.laws - torch.exp(ledger.log_models)[..., None]).abs().sum(1)
        assert (row["lag"] > 0.5 * apart**2 - 1e-13).all()


def test_perfect_sampling_dissipates_the_work_and_no_sampling_nothing() -> None:
    """τ → ∞: Σ = W = Σ_t KL(p_{t−1}‖p_t). Parameters that stand still: all 0."""
    way = [machines(seed=seed, spread=0.3) for seed in range(5)]
    ledger, still = LaggedLedger(way[0], [200]), LaggedLedger(way[0], [1])
    for machine in way[1:]:
        ledger.move(machine)
        still.move(way[0])
    row = ledger.row()
    assert torch.allclose(row["ep_conditional"][:, 0], row["work"], rtol=1e-10)
    assert all(abs(float(still.row()[name].abs().max())) < 1e-13 for name in ("work", "heat", "lag", "ep_conditional"))


def test_means_are_the_gradient_of_the_likelihood() -> None:
    """One ascent by the law itself is one step of gradient ascent on the mean log-likelihood, by autograd."""
    machine = machines(members=1)
    examples = every_state(VISIBLE)[torch.tensor([0, 3, 3, 7, 12])][None]
    leaves = [part.clone().requires_grad_() for part in (machine.weights, machine.visible, machine.hidden)]
    w, b, c = leaves
    log_weight = examples[0] @ b[0] + torch.nn.functional.softplus(examples[0] @ w[0] + c[0]).sum(-1)
    states = every_state(VISIBLE)
    log_z = torch.logsumexp(states @ b[0] + torch.nn.functional.softplus(states @ w[0] + c[0]).sum(-1), 0)
    gradients = torch.autograd.grad((log_weight - log_z).mean(), leaves)
    law = Enumeration(machine, states).law
    moved = ascended(machine, means_of_examples(machine, examples), means_of_law(machine, law, states), 0.1)
    for after, before, gradient in zip(
        (moved.weights, moved.visible, moved.hidden), (machine.weights, machine.visible, machine.hidden), gradients,
        strict=True,
    ):  # fmt: skip
        assert torch.allclose(after, before + 0.1 * gradient, rtol=1e-10)


def test_chains_go_where_their_law_goes() -> None:
    machine = machines(members=1, spread=0.8)
    generator = torch.Generator().manual_seed(5)
    chains = Chains(machine, 20_000, generator)
    other = machines(members=1, seed=9, spread=0.8)
    chains.sweep(other, 2)
    states = every_state(VISIBLE)
    law = Enumeration(other, states).relaxed(Enumeration(machine, states).law[..., None], [2])[0, :, 0]
    drawn, wanted = chains.means(other), means_of_law(other, law[None], states)
    spread = (wanted.visible * (1 - wanted.visible) / 20_000).sqrt()
    assert ((drawn.visible - wanted.visible).abs() < 4 * spread).all()


LEARNING = Learning(every_state(VISIBLE)[torch.arange(40).reshape(4, 10) % 7 * 2], HIDDEN, 3.0, None, 0)


def test_members_are_on_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """However they are put together in the cache, and whatever τ other chains have."""
    state = State(6, 2)
    whole = train_state(LEARNING, state, (5, 1), (0, 3, 6), lambda _: None)
    monkeypatch.setattr("szilard.studies.tradeoff.engine.training.TOGETHER", 3 * 2 ** (VISIBLE + 1 + HIDDEN))
    alone = train_state(LEARNING, state, (), (0, 6), lambda _: None)
    assert torch.allclose(whole.models[-1], alone.models[-1], atol=1e-13)
    assert torch.allclose(whole.rows[-1]["work_dissipated"][:, 0], alone.rows[-1]["work_dissipated"][:, 0], atol=1e-13)
    assert torch.allclose(whole.models[0], whole.chains[0], atol=1e-13)
    assert not torch.allclose(whole.models[-1], whole.chains[-1])


def test_infinitely_many_chains_are_the_limit_of_many() -> None:
    limit = train_state(LEARNING, State(6, 1), (), (0, 6), lambda _: None)
    many = train_state(LEARNING, State(6, 1, 10_000), (), (0, 6), lambda _: None)
    assert torch.allclose(limit.models[-1], many.models[-1], atol=0.03)
    few = train_state(LEARNING, State(6, 1, 10), (), (0, 6), lambda _: None)
    assert few.rows[-1]["work"].mean() > 1.3 * limit.rows[-1]["work"].mean()


@pytest.mark.parametrize("pair", [(20, 40), (40, 80)])
def test_half_the_step_halves_the_production(pair: tuple[int, int]) -> None:
    """Σ ∝ 1/n over the same way, at any τ that keeps up."""
    one, other = (
        train_state(LEARNING, State(n, 4), (), (0, n), lambda _: None).rows[-1]["ep_conditional"] for n in pair
    )
    assert (one / other).mean().item() == pytest.approx(2, rel=0.1)
