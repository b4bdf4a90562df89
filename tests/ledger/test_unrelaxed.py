"""Heat left undone: read off exact profiles, checked by doing it, and what is said where nothing is clear."""

from __future__ import annotations

import math

import pytest

from szilard import ledger
from szilard.systems import Ising, LaggedGaussian


def _excess(system: LaggedGaussian | Ising, sampler_steps: int, upto: int, updates: int = 300) -> list[float]:
    """Exact u(s) inside the last update."""
    path = system.simulate(updates, seed=1)
    equilibrium = system.lagged(path, sampler_steps)["energy"]
    return [energy - equilibrium for energy in system.relaxation(path, sampler_steps, upto)]


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_done_as_predicted_whether_parameters_drift_or_shake(noise: float) -> None:
    """One relaxation time: within what was looked at, and beyond it, the predicted steps leave the target."""
    system = LaggedGaussian(dimension=2, contraction=0.95, speed=0.1, noise=noise)
    tau = 10
    excess = _excess(system, tau, 5 * tau)
    places = [0, 1, 2, 4, 8, 10, 15, 20, 30, 50]
    for share in (0.5, 0.1, 0.001):
        found = ledger.undone(places, [excess[s] for s in places], [0.0] * len(places), tau, share * excess[tau])
        assert found.seen
        exact = tau + math.log(1 / share) / (-2 * math.log(system.contraction))
        assert found.steps == pytest.approx(exact, rel=0.01)
        assert ("if it goes on falling" in found.sentence) == (exact > 50)


def test_undone_heat_of_a_shifted_gaussian_is_its_lag() -> None:
    system = LaggedGaussian(dimension=3, contraction=0.9, speed=0.05)
    path = system.simulate(200)
    answers = system.lagged(path, 4)
    assert _excess(system, 4, 4, updates=200)[4] == pytest.approx(answers["lag"], rel=1e-9)


def test_ring() -> None:
    system = Ising(coupling=1.0, field=0.1, rate=0.02, batch_size=400, order="random")
    excess = _excess(system, 1, 20, updates=30)
    target = 0.2 * abs(excess[1])
    found = ledger.undone(list(range(21)), excess, [1e-6] * 21, 1, target)
    assert abs(excess[math.ceil(found.steps)]) <= target * 1.001 < abs(excess[math.floor(found.steps)]) * 1.001


@pytest.mark.parametrize(
    ("excess", "error", "says"),
    [
        ([2.0, 1.0, 0.5], 0.01, "τ = 10 leaves 1.000 ± 0.010 nats of an update's 2.000 ± 0.010 undone; τ ≥ 44"),
        ([2.0, 1.0, 1.0], 0.01, "up to 20 sampler steps no end of it is seen"),
        ([2.0, 1.0, 0.0], 0.01, "τ ≥ 19 would leave 0.1."),
        ([2.0, 0.05, 0.0], 0.01, "within the 0.1 asked for"),
        ([2.0, 0.3, 0.5], 0.2, "leaves no heat of an update undone that shows: 0.30 ± 0.20 nats of 2.00 ± 0.20"),
        ([-2.0, -1.0, -0.5], 0.01, "τ ≥ 44 would leave 0.1, if it goes on falling"),
    ],
)
def test_sentences(excess: list[float], error: float, says: str) -> None:
    found = ledger.undone([0, 10, 20], excess, [error] * 3, 10)
    assert says in found.sentence


def test_means_over_updates() -> None:
    means, errors = ledger.excess_energies([[3.0, 2.0], [5.0, 4.0]], [[0.3, 0.4], [0.4, 0.3]], [1.0, 2.0], [0.1, 0.2])
    assert means == pytest.approx([2.5, 1.5])
    assert errors == pytest.approx([math.sqrt(0.15)] * 2)
    _, fewer = ledger.excess_energies([[3.0], [5.0]], [[0.3], [0.4]], [1.0, 2.0], [0.1, 0.2], independent=2.0)
    assert fewer == pytest.approx([math.sqrt(0.075)])


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="there is no update to average over"):
        ledger.excess_energies([], [], [], [])
    with pytest.raises(ValueError, match="sampler_steps is one"):
        ledger.undone([0, 1], [1.0, 0.5], [0.1, 0.1], 2)
