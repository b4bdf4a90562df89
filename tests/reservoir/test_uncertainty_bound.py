"""The bound from currents never proves more than there is, proves most of it, and nothing of pure noise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from szilard.errors import RecordError
from szilard.estimate import Kind
from szilard.reservoir import ep_rate_ar1, uncertainty_bound
from szilard.reservoir.uncertainty_bound import UncertaintyBound, bound_of_current
from szilard.systems import Gyrator, HeavyBall

GYRATORS = [
    Gyrator(rate=rate, stiffness=stiffness, temperatures=temperatures, angle=angle)
    for rate in (0.05, 0.1, 0.3)
    for stiffness in ((1.0, 2.0), (0.3, 3.0))
    for temperatures in ((1.0, 0.1), (0.5, 0.9))
    for angle in (math.pi / 4, 1.2)
]
TURN = np.array([[0.0, 1.0], [-1.0, 0.0]])


@pytest.mark.parametrize("force", [0.01, 0.5, 3.0, 20.0])
def test_a_biased_coin_saturates_it(force: float) -> None:
    """J = ±1 with odds e^a: σ = aJ, ⟨σ⟩ = a tanh(a/2), all of which the current proves."""
    mean = math.tanh(force / 2)
    deviation = math.sqrt(1 - mean**2)
    assert float(bound_of_current(mean / deviation)) == pytest.approx(force * mean, rel=1e-8)


def test_small_currents_give_the_familiar_form() -> None:
    assert float(bound_of_current(1e-3)) == pytest.approx(2e-6, rel=1e-5)
    assert float(bound_of_current(-1e-3, window=4)) == pytest.approx(0.5e-6, rel=1e-5)
    assert float(bound_of_current(3.0)) < 2 * 9.0


def exact_current(gyrator: Gyrator) -> float:
    """Mean over deviation of ``½(x y' − y x')`` in one step of a Gaussian chain, by Isserlis' theorem."""
    covariance, lagged = gyrator.covariance, gyrator.step_map @ gyrator.covariance  # ⟨x x'⟩ = lagged[0, 0] …
    mean = 0.5 * (lagged[1, 0] - lagged[0, 1])
    first = covariance[0, 0] * covariance[1, 1] + 2 * lagged[1, 0] ** 2
    second = covariance[1, 1] * covariance[0, 0] + 2 * lagged[0, 1] ** 2
    cross = lagged[1, 0] * lagged[0, 1] + covariance[0, 1] * covariance[1, 0] + lagged[0, 0] * lagged[1, 1]
    variance = 0.25 * (first + second - 2 * cross) - mean**2
    # ⟨(xy')²⟩ = ⟨x²⟩⟨y'²⟩ + 2⟨xy'⟩², ⟨xy'·yx'⟩ = ⟨xy'⟩⟨yx'⟩ + ⟨xy⟩⟨y'x'⟩ + ⟨xx'⟩⟨y'y⟩
    return float(mean / math.sqrt(variance))


@pytest.mark.parametrize("index", range(len(GYRATORS)))
def test_the_current_and_what_it_proves(index: int) -> None:
    gyrator = GYRATORS[index]
    path = gyrator.simulate(800, members=40, seed=300 + index).theta.numpy()
    found = uncertainty_bound(path, weights=TURN)
    assert isinstance(found, UncertaintyBound)
    current = exact_current(gyrator)
    proved = float(bound_of_current(current))
    truth = ep_rate_ar1(gyrator.step_map, gyrator.step_noise)
    assert proved <= truth
    assert abs(found.current.z(current)) < 3
    assert abs(found.rate.z(proved)) < 3
    assert found.rate.interval()[0] < truth
    assert found.rate.kind is Kind.LOWER


@pytest.mark.parametrize("gyrator", GYRATORS[:6])
def test_learned_weights_are_as_good_as_given_ones_in_a_plane(gyrator: Gyrator) -> None:
    """In two directions there is one current; learning can only choose its sign."""
    path = gyrator.simulate(600, members=20, seed=3).theta.numpy()
    given, learned = uncertainty_bound(path, weights=TURN), uncertainty_bound(path)
    assert learned.rate.value == pytest.approx(given.rate.value, abs=3 * given.rate.error)
    assert learned.current.value > 0
    assert np.allclose(np.abs(learned.weights[0, 1]), 2)


def test_learning_does_not_prove_what_is_not_there() -> None:
    """Eight independent directions have 28 currents, the best of which would prove much on the path itself."""
    ball = HeavyBall(curvature=tuple(0.5 + 0.2 * i for i in range(8)), noise=1.0, rate=0.2)
    paths = ball.simulate(600, members=60, seed=4).theta.numpy()
    found = [uncertainty_bound(path).rate for path in paths]
    values = np.array([one.value for one in found])
    assert abs(values.mean()) < 3.5 * values.std(ddof=1) / math.sqrt(60)
    assert np.mean([one.interval()[0] > 0 for one in found]) < 0.08


def test_learning_finds_the_current_among_many_directions() -> None:
    """A gyrator hidden among six directions that do nothing, all mixed."""
    gyrator = Gyrator(rate=0.1)
    hidden = gyrator.simulate(2_000, members=10, seed=5).theta.numpy()
    others = HeavyBall(curvature=(0.5,) * 6, noise=1.0, rate=0.2).simulate(2_000, members=10, seed=6).theta.numpy()
    mixing = np.linalg.qr(np.random.default_rng(1).normal(size=(8, 8)))[0]
    found = uncertainty_bound(np.concatenate([hidden, others], -1) @ mixing.T)
    alone = float(bound_of_current(exact_current(gyrator)))
    truth = gyrator.exact()["ep_rate"]
    assert 0.8 * alone < found.rate.value < truth
    assert found.rate.interval()[0] > 0.5 * alone


@pytest.mark.parametrize("window", [1, 2, 5, 20])
def test_windows_of_any_length_bound(window: int) -> None:
    gyrator = Gyrator(rate=0.1)
    path = gyrator.simulate(1_000, members=40, seed=7).theta.numpy()
    found = uncertainty_bound(path, window=window, weights=TURN)
    assert found.rate.interval()[0] < gyrator.exact()["ep_rate"]
    assert found.rate.value > 5 * found.rate.error


def test_naive_windows() -> None:
    """Areas added up over three steps, by a loop."""
    path = Gyrator(rate=0.3).simulate(60, members=20, seed=8).theta.numpy()
    centred = path - path.mean((0, 1))
    currents = [
        sum(0.5 * (m[t, 0] * m[t + 1, 1] - m[t, 1] * m[t + 1, 0]) for t in range(start, start + 3))
        for m in centred
        for start in range(0, 60, 3)
    ]
    plain = np.mean(currents) / np.std(currents)
    found = uncertainty_bound(path, window=3, weights=TURN, blocks=20)
    by_member = np.array(currents).reshape(20, 20)
    left = [np.delete(by_member, k, 0) for k in range(20)]
    ratios = np.array([part.mean() / part.std() for part in left])
    assert found.current.value == pytest.approx(20 * plain - 19 * ratios.mean(), rel=1e-9)
    assert found.current.error == pytest.approx(math.sqrt(19 * np.square(ratios - ratios.mean()).mean()), rel=1e-9)


def test_time_reversed_has_the_opposite_current() -> None:
    path = Gyrator(rate=0.1).simulate(500, members=20, seed=9).theta.numpy()
    forward, backward = (uncertainty_bound(p, weights=TURN, blocks=20) for p in (path, path[:, ::-1]))
    assert backward.current.value == pytest.approx(-forward.current.value, rel=1e-9)
    assert backward.rate.value == pytest.approx(forward.rate.value, rel=1e-9)


@pytest.mark.parametrize(
    ("series", "settings", "message"),
    [
        (np.zeros((50, 1)), {}, "needs two directions"),
        (np.zeros((50, 2)), {}, "does not move"),
        (np.random.default_rng(0).normal(size=(50, 2)), {"window": 50}, "no window of 50 steps"),
        (np.random.default_rng(0).normal(size=(50, 2)), {"window": 0}, "no window of 0 steps"),
        (np.random.default_rng(0).normal(size=(50, 2)), {"weights": np.eye(2)}, "antisymmetric"),
        (np.random.default_rng(0).normal(size=(50, 2)), {"weights": np.zeros((3, 3))}, "antisymmetric"),
        (np.random.default_rng(0).normal(size=(12, 2)), {}, "cannot be cut"),
        (np.full((50, 2), np.inf), {}, "not finite"),
    ],
)
def test_refusals(series: np.ndarray, settings: dict[str, object], message: str) -> None:
    with pytest.raises(RecordError, match=message):
        uncertainty_bound(series, **settings)
