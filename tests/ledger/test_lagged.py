"""The advice on sampler steps against the system that it is exact for, and what it says where it is not."""

from __future__ import annotations

import math

import pytest

from szilard import ledger
from szilard.estimate import Estimate, Kind
from szilard.ledger.lagged import lagged_ratio
from szilard.systems import LaggedGaussian

SYSTEM = LaggedGaussian(dimension=2, sigma=0.8, contraction=0.97, speed=0.05)
STEPS = 4000


def _measured(sampler_steps: int, error: float = 0.0) -> tuple[Estimate, Estimate]:
    answers = SYSTEM.lagged(SYSTEM.simulate(STEPS), sampler_steps)
    return (
        Estimate(answers["work"], error, Kind.ASYMPTOTIC),
        Estimate(answers["lag_work"], error, Kind.ASYMPTOTIC),
    )


def test_ratio_is_that_of_the_steady_state() -> None:
    contraction = SYSTEM.contraction**20
    ideal = SYSTEM.dimension * SYSTEM.speed**2 / (2 * SYSTEM.sigma**2)
    assert SYSTEM.ep_rate(20) == pytest.approx(ideal * lagged_ratio(contraction))


def test_advice_is_what_doing_it_gives() -> None:
    """From τ = 20 alone: the relaxation time, the steps for a tenth of the lag, and the lag that these leave."""
    work, lag = _measured(20, error=1e-9)
    target = 0.1 * lag.value / STEPS
    advice = ledger.advise(work, lag, STEPS, 20, target)
    assert advice.seen and not advice.outrun
    assert advice.relaxation_time == pytest.approx(-1 / math.log(SYSTEM.contraction), rel=0.01)
    needed = round(advice.steps)
    done = _measured(needed)[1].value / STEPS
    assert done == pytest.approx(target, rel=0.03)
    assert advice.lag_at(needed) == pytest.approx(done, rel=0.03)
    assert advice.lag_at(20) == pytest.approx(advice.lag.value)
    assert advice.lag.kind is Kind.HYPOTHESIS


def test_errors_become_a_range_of_steps() -> None:
    work, lag = Estimate(2.0, 0.0, Kind.EXACT), Estimate(1.5, 0.25, Kind.UNBIASED)
    advice = ledger.advise(work, lag, 10, 8, 0.01)
    assert advice.steps_low < advice.steps < advice.steps_high
    for edge, value in ((advice.steps_low, 1.0), (advice.steps_high, 2.0)):
        assert edge == ledger.advise(work, Estimate(value, 0.0, Kind.EXACT), 10, 8, 0.01).steps


@pytest.mark.parametrize(
    ("lag", "error", "says"),
    [
        (3.0, 0.1, "the sampler is too short: τ = 8 leaves 0.300 ± 0.010 nats of lag per update; τ ≥ 16"),
        (0.5, 0.1, "no more than the 0.1 asked for"),
        (0.05, 0.1, "τ = 8 leaves no lag that shows"),
        (-0.05, 0.1, "τ = 8 leaves no lag that shows"),
        (-2.0, 0.1, "θ shakes faster than they follow"),
    ],
)
def test_sentences(lag: float, error: float, says: str) -> None:
    advice = ledger.advise(Estimate(2.0, 0.0, Kind.EXACT), Estimate(lag, error, Kind.UNBIASED), 10, 8)
    assert says in advice.sentence
    if lag < 0:
        assert math.isnan(advice.steps) and math.isnan(advice.lag_at(100)) and math.isnan(advice.relaxation_time)


def test_a_lag_without_ideal_work_has_no_cure() -> None:
    advice = ledger.advise(Estimate(0.0, 0.0, Kind.EXACT), Estimate(5.0, 0.1, Kind.UNBIASED), 10, 8)
    assert math.isinf(advice.steps) and math.isinf(advice.relaxation_time)
    assert "no number of steps would leave 0.1" in advice.sentence


def test_diffusing_parameters_cost_no_lag() -> None:
    """White noise on θ: a short sampler dissipates no more than an ideal one, and the advice says so."""
    system = LaggedGaussian(dimension=4, contraction=0.97, speed=0.0, noise=0.05, tilt=0.0)
    answers = system.lagged(system.simulate(3000, seed=1), 10)
    advice = ledger.advise(
        Estimate(answers["work"], 0.0, Kind.EXACT), Estimate(answers["lag_work"], 0.001, Kind.EXACT), 3000, 10, 0.001
    )
    assert advice.outrun or not advice.seen or advice.lag.value < 0.1 * answers["work"] / 3000


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="advice needs a positive target"):
        ledger.advise(Estimate(1.0, 0.0, Kind.EXACT), Estimate(1.0, 0.0, Kind.EXACT), 10, 8, 0.0)
