"""The canonical state: effects against exact systems, size, power, and what does not depend on axes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from szilard.errors import RecordError
from szilard.reservoir import canonical
from szilard.reservoir.canonical import Canonical
from szilard.systems import Gyrator, HeavyBall

pytestmark = pytest.mark.slow

GYRATORS = [
    Gyrator(rate=rate, stiffness=stiffness, temperatures=temperatures, angle=angle)
    for rate in (0.05, 0.2)
    for stiffness in ((1.0, 2.0), (0.3, 3.0))
    for temperatures in ((1.0, 0.1), (0.5, 0.6), (0.4, 0.4))
    for angle in (0.0, math.pi / 4)
]


def exact(gyrator: Gyrator) -> tuple[float, float, float]:
    """Temperature, anisotropy and variance of ln T from ``G = Σ A``, by loops."""
    g = gyrator.covariance @ gyrator.hessian
    temperature = 0.5 * (g[0, 0] + g[1, 1])
    anisotropy = sum((g[i, j] / temperature - float(i == j)) ** 2 for i in range(2) for j in range(2)) / 2
    return temperature, anisotropy, 0.5 * (math.log(g[0, 0]) - math.log(g[1, 1])) ** 2


@pytest.mark.parametrize("index", range(len(GYRATORS)))
def test_within_three_errors(index: int) -> None:
    gyrator = GYRATORS[index]
    motion = gyrator.simulate(1_200, members=60, seed=500 + index)
    found = canonical(motion.theta.numpy(), motion.force.numpy())
    assert isinstance(found, Canonical)
    temperature, anisotropy, log_variance = exact(gyrator)
    assert abs(found.temperature.z(temperature)) < 3
    assert abs(found.anisotropy.z(anisotropy)) < 3
    assert abs(found.log_variance.z(log_variance)) < 3
    truth = gyrator.by_direction()["temperature_configurational"]
    assert np.abs(found.temperatures.z(np.array(truth))).max() < 3
    if log_variance > 0.5:
        assert found.p_value < 1e-6
        assert found.anisotropy.interval()[0] > 0


def test_published_case_of_two_temperatures_in_detailed_balance() -> None:
    """C = diag(2, .5), H = diag(1, 3): T = 2.1 and .59 in units of r/2, no entropy production."""
    ball = HeavyBall(curvature=(1.0, 3.0), noise=(2.0, 0.5), rate=0.1)
    motion = ball.simulate(1_000, members=60, seed=2)
    found = canonical(motion.theta.numpy(), motion.force.numpy())
    assert np.abs(found.temperatures.z(0.05 * np.array([2 / 0.95, 0.5 / 0.85]))).max() < 3
    assert ball.exact()["ep_rate"] == 0
    assert found.anisotropy.interval()[0] > 0.2


def test_size() -> None:
    """Equal noise at small steps: one in twenty is rejected at 5 %, and the effects are 0 on average."""
    ball = HeavyBall(curvature=(1.0, 1.0, 1.0), noise=0.5, rate=0.1)
    motion = ball.simulate(800, members=300, seed=3)
    found = [canonical(x, f) for x, f in zip(motion.theta.numpy(), motion.force.numpy(), strict=True)]
    alarms = np.mean([one.p_value < 0.05 for one in found])
    assert abs(alarms - 0.05) < 4 * math.sqrt(0.05 * 0.95 / 300)
    for name in ("anisotropy", "log_variance"):
        values = np.array([getattr(one, name).value for one in found])
        assert abs(values.mean()) < 4 * values.std(ddof=1) / math.sqrt(300) + 2e-3, name
        assert (values < 0).any(), "negative estimates are kept"


@pytest.mark.parametrize("curvature", [(0.5, 1.0, 3.0), (0.2, 5.0)])
def test_size_and_power_of_unequal_curvatures(curvature: tuple[float, ...]) -> None:
    """One temperature, in rotated axes: a block about its own mean would cool slow directions and reject 12–95 %."""
    h, d = np.array(curvature), len(curvature)
    generator = np.random.default_rng(9)
    axes = np.linalg.qr(generator.normal(size=(d, d)))[0]

    def rejected(temperature: np.ndarray, runs: int) -> float:
        memory, spread = 1 - 0.1 * h, np.sqrt(temperature / h)
        theta = np.empty((runs, 3_200, d))
        theta[:, 0] = spread * generator.normal(size=(runs, d))
        for t in range(1, 3_200):
            noise = generator.normal(size=(runs, d)) * spread * np.sqrt(1 - memory**2)
            theta[:, t] = memory * theta[:, t - 1] + noise
        found = [canonical(x @ axes.T, (x * h) @ axes.T).p_value < 0.05 for x in theta]
        return float(np.mean(found))

    assert abs(rejected(np.ones(d), 200) - 0.05) < 4 * math.sqrt(0.05 * 0.95 / 200)
    if d == 2:
        axes = np.eye(d)
        assert rejected(np.array([4.0, 1.0]), 40) > 0.6


def test_anisotropy_does_not_depend_on_axes() -> None:
    motion = Gyrator(rate=0.1).simulate(500, members=20, seed=4)
    turn = np.array([[math.cos(0.7), -math.sin(0.7)], [math.sin(0.7), math.cos(0.7)]])
    theta, force = motion.theta.numpy(), motion.force.numpy()
    plain, turned = canonical(theta, force, blocks=20), canonical(theta @ turn.T, force @ turn.T, blocks=20)
    assert turned.anisotropy.value == pytest.approx(plain.anisotropy.value, rel=1e-9)
    assert turned.temperature.value == pytest.approx(plain.temperature.value, rel=1e-9)


def test_a_potential_that_is_not_quadratic() -> None:
    """``U = θ⁴`` and ``U = |θ|³`` at one temperature, by independent draws: generalised equipartition."""
    generator = np.random.default_rng(5)
    temperature = 0.7
    # e^{−θ⁴/T}: θ⁴/T is Gamma(1/4); e^{−|θ|³/T}: |θ|³/T is Gamma(1/3)
    signs = generator.choice([-1.0, 1.0], size=(20_000, 2))
    size = np.stack([generator.gamma(1 / 4, size=20_000) ** 0.25, generator.gamma(1 / 3, size=20_000) ** (1 / 3)], 1)
    theta = signs * size * temperature ** np.array([0.25, 1 / 3])
    force = np.stack([4 * theta[:, 0] ** 3, 3 * theta[:, 1] * np.abs(theta[:, 1])], 1)
    found = canonical(theta, force)
    assert abs(found.temperature.z(temperature)) < 3
    assert abs(found.anisotropy.z(0.0)) < 3
    assert found.anisotropy.interval()[1] < 0.01
    assert found.p_value > 0.01


def test_the_batch_about_to_be_taken_serves_as_force() -> None:
    """Its noise is fresh, so that it averages out."""
    motion = Gyrator(rate=0.1).simulate(2_000, members=20, seed=6)
    found = canonical(motion.theta.numpy()[:, :-1], motion.gradient.numpy())
    assert abs(found.temperature.z(exact(Gyrator(rate=0.1))[0])) < 3


def test_naive_blocks() -> None:
    """The jackknife over equal blocks, by loops."""
    motion = Gyrator(rate=0.2).simulate(239, seed=7)
    theta, force = motion.theta.numpy(), motion.force.numpy()
    found = canonical(theta, force, blocks=12)

    def temperature(keep: np.ndarray) -> float:
        x, f = theta[keep], force[keep]
        return float(np.mean([np.cov(x[:, i], f[:, i], bias=True)[0, 1] for i in range(2)]))

    every = np.ones(240, dtype=bool)
    left = []
    for block in range(12):
        keep = every.copy()
        keep[20 * block : 20 * (block + 1)] = False
        left.append(temperature(keep))
    value = 12 * temperature(every) - 11 * np.mean(left)
    assert found.temperature.value == pytest.approx(value, rel=1e-10)
    assert found.temperature.error == pytest.approx(math.sqrt(11 * np.var(left)), rel=1e-10)


def test_undefined_is_said() -> None:
    """A direction that climbs has no ln T; more directions than blocks have no Hotelling."""
    generator = np.random.default_rng(8)
    theta = generator.normal(size=(200, 2))
    found = canonical(theta, theta * np.array([1.0, -1.0]))
    assert math.isnan(found.log_variance.value)
    many = generator.normal(size=(200, 30))
    assert math.isnan(canonical(many, many, blocks=10).p_value)


def sampled(curvature: np.ndarray, scale: np.ndarray, records: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """θ and ∇U of SGD at r = .05 on a quadratic, every 40 steps, along orthonormal directions."""
    generator, rate = np.random.default_rng(seed), 0.05
    memory = (1 - rate * curvature) ** 40
    variance = rate * scale**2 / (curvature * (2 - rate * curvature))
    theta = np.empty((records, len(curvature)))
    theta[0] = generator.normal(size=len(curvature)) * np.sqrt(variance)
    for k in range(1, records):
        theta[k] = memory * theta[k - 1] + generator.normal(size=len(curvature)) * np.sqrt(variance * (1 - memory**2))
    axes = np.linalg.qr(generator.normal(size=(len(curvature), len(curvature))))[0]
    return theta @ axes, curvature * theta @ axes


@pytest.mark.parametrize("curvature", [np.array([0.5, 2.0, 4.0]), np.ones(3)])
def test_a_canonical_state_is_held_given_enough_and_never_failed(curvature: np.ndarray) -> None:
    """C ∝ 1: the truth at r = .05 is .0011 of unequal curvatures, and .01 is what the audit allows."""
    for seed in range(40):
        low, high = canonical(*sampled(curvature, np.full(3, 0.5), 60, seed)).anisotropy.interval()
        assert low < 0.01 < high
    highs = [canonical(*sampled(curvature, np.full(3, 0.5), 6_000, seed)).anisotropy.interval()[1] for seed in range(6)]
    assert np.sort(highs)[-2] < 0.01


def test_two_temperatures_fail() -> None:
    lows = [
        canonical(*sampled(np.ones(3), np.array([0.5, 0.5, 1.0]), 150, seed)).anisotropy.interval()[0]
        for seed in range(10)
    ]
    assert min(lows) > 0.01


def test_directions_that_never_vary_apart_say_nothing_or_all() -> None:
    """A copy of a direction makes the contrasts' covariance singular; so does one at rest."""
    theta, force = sampled(np.ones(2), np.ones(2), 400, 0)
    twice = canonical(theta[:, [0, 1, 1]], force[:, [0, 1, 1]])
    assert twice.p_value == pytest.approx(canonical(theta, force, blocks=twice.blocks).p_value, rel=1e-6)
    resting = np.c_[theta, np.zeros((400, 2))]
    assert canonical(resting, np.c_[force, np.zeros((400, 2))]).p_value < 1e-6
    same = canonical(theta[:, [0, 0]], force[:, [0, 0]])
    assert same.p_value == 1.0


@pytest.mark.parametrize(
    ("theta", "force", "message"),
    [
        (np.zeros((50, 1)), np.zeros((50, 1)), "at least two"),
        (np.zeros((50, 2)), np.zeros((49, 2)), "do not pair"),
        (np.full((50, 2), np.inf), np.zeros((50, 2)), "not finite"),
        (np.full((50, 2), 0.3), np.zeros((50, 2)), "has no temperature"),
    ],
)
def test_refusals(theta: np.ndarray, force: np.ndarray, message: str) -> None:
    with pytest.raises(RecordError, match=message):
        canonical(theta, force)
