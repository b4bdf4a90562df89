"""What every exact reservoir promises, and its answers against plain averages over simulated runs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import pytest
import torch
from torch import Tensor

from szilard.errors import SpecError
from szilard.systems import DraggedTrap, Gyrator, HeavyBall, LinearRegression, ParameterSystem, ShuffledQuadratic

MEMBERS = 1000
STEPS = 60
LIMIT = 3.0
"""Errors between answer and run. What lies beyond is measured again, afresh and on four times the members."""


def linear_regressions() -> Iterator[LinearRegression]:
    """Rates from slow to the edge of a finite variance, batches of one and more."""
    for rate in (0.02, 0.1, 0.3):
        for size in (1, 2, 4, 16):
            for a, sigma in ((1.0, 1.0), (0.5, 2.0)):
                yield LinearRegression(rate=rate, batch_size=size, input_variance=a, label_noise=sigma)


def heavy_balls() -> Iterator[HeavyBall]:
    """Plain, heavy ball, dampened, Nesterov; soft, hard, free and several directions."""
    for rate, h, c in ((0.05, 1.0, 0.3), (0.1, 5.0, 2.0), (0.5, 0.4, 1.0)):
        for momentum in (0.0, 0.5, 0.9):
            yield HeavyBall(curvature=h, noise=c, rate=rate, momentum=momentum)
            if momentum:
                yield HeavyBall(curvature=h, noise=c, rate=rate, momentum=momentum, dampening=0.3)
                yield HeavyBall(curvature=h, noise=c, rate=rate, momentum=momentum, nesterov=True)
    yield HeavyBall(curvature=(1.0, 3.0), noise=(2.0, 0.5), rate=0.1)
    yield HeavyBall(curvature=(1.0, 3.0), noise=(2.0, 0.5), rate=0.1, momentum=0.8, nesterov=True)
    yield from pure_noise()


def pure_noise() -> Iterator[HeavyBall]:
    """A flat potential: there is nothing to learn."""
    for momentum, dampening, nesterov in ((0.0, 0.0, False), (0.9, 0.0, False), (0.9, 0.5, False), (0.9, 0.0, True)):
        yield HeavyBall(curvature=0.0, noise=0.7, rate=0.1, momentum=momentum, dampening=dampening, nesterov=nesterov)


def shuffled_quadratics() -> Iterator[ShuffledQuadratic]:
    """From epochs that cancel to epochs that are long, batches of one example and of several."""
    for batches in (2, 5, 20):
        for h in (0.05, 0.5, 4.0):
            for size in (1, 3):
                yield ShuffledQuadratic(batches=batches, curvature=h, rate=0.3, noise=0.8, batch_size=size)
    yield ShuffledQuadratic(batches=60, curvature=1 / 6, rate=0.1)
    yield ShuffledQuadratic(batches=60, curvature=10 / 6, rate=0.1)


def gyrators() -> Iterator[Gyrator]:
    """Equal and unequal temperatures, aligned and turned, small steps and large."""
    for rate in (0.05, 0.3):
        for temperatures in ((1.0, 0.1), (0.4, 0.4), (0.2, 2.0)):
            for angle in (0.0, math.pi / 4, 2.0):
                yield Gyrator(rate=rate, temperatures=temperatures, angle=angle)
    yield Gyrator(rate=0.1, stiffness=(1.0, 1.0))
    yield Gyrator(rate=0.1, stiffness=(0.2, 5.0))


def dragged_traps() -> Iterator[DraggedTrap]:
    """At rest, slow and fast."""
    for speed in (0.0, 0.02, 0.3, -0.1):
        for rate in (0.05, 0.3, 1.2):
            for h, c in ((1.0, 2.0), (0.3, 0.5)):
                yield DraggedTrap(speed=speed, curvature=h, noise=c, rate=rate)


SETTINGS = {
    "linear regression": list(linear_regressions()),
    "heavy ball": list(heavy_balls()),
    "shuffled quadratic": list(shuffled_quadratics()),
    "gyrator": list(gyrators()),
    "dragged trap": list(dragged_traps()),
}
ALL = [system for systems in SETTINGS.values() for system in systems]


def seen(system: ParameterSystem, *, seed: int, members: int = MEMBERS) -> Mapping[str, tuple[float, float]]:
    """Values and errors from independent runs, by record name: averages over time, then over members.

    Every average is of a quantity known before szilard looked at it, by the formula that names it; ratios have the
    error of ``a − ρ b`` over the mean of b.
    """
    steps = getattr(system, "batches", None)
    motion = system.simulate(steps * max(1, STEPS // steps) if steps else STEPS, members=members, seed=seed)
    theta, g, force = motion.theta[:, :-1], motion.gradient, motion.force[:, :-1]
    generator = torch.Generator().manual_seed(seed + 1)
    parts = 2 if getattr(system, "batch_size", 2) % 2 == 0 else 1
    # the trap's own frame: at step 0 its minimum is at 0
    place = force / system.curvature if isinstance(system, DraggedTrap) else theta
    first, second = (system.gradient(place, generator=generator, parts=parts) for _ in range(2))
    centre = theta.mean((0, 1)) if not isinstance(system, DraggedTrap) else theta.mean(0)
    kinetic = 0.5 * system.rate * g * g
    if motion.buffer is not None:
        assert isinstance(system, HeavyBall)
        kinetic = _kinetic(system, g, motion.buffer)
    found = {
        "noise_variance": _mean((first - second) ** 2 / (2 * parts)),
        "signal_variance": _mean(first * second),
        "temperature_kinetic": _mean(kinetic),
        "parameter_variance": _mean((theta - centre) ** 2 * members / (members - 1)),
        "temperature_configurational": _mean((theta - centre) * (force - force.mean((0, 1)))),
        "fdr_ratio": _ratio(theta * g, kinetic),
    }
    if motion.buffer is not None:
        found["buffer_square"] = _mean(motion.buffer[:, 1:] ** 2)
    if steps:
        found["parameter_variance_epoch_end"] = _mean(motion.theta[:, ::steps] ** 2)
    return found


def _kinetic(system: HeavyBall, g: Tensor, buffer: Tensor) -> Tensor:
    v = buffer[:, 1:]
    if not system.nesterov:
        return 0.5 * system.rate * (1 + system.momentum) / (1 - system.dampening) * v * v
    beta, move = system.momentum, g + system.momentum * v
    return system.rate * (0.5 * (1 - beta) * move * move + beta**2 * move * v)


def _mean(values: Tensor) -> tuple[float, float]:
    per_member = values.flatten(1).mean(1)
    return float(per_member.mean()), float(per_member.std()) / math.sqrt(len(per_member))


def _ratio(numerator: Tensor, denominator: Tensor) -> tuple[float, float]:
    a, b = numerator.flatten(1).mean(1), denominator.flatten(1).mean(1)
    ratio = float(a.mean() / b.mean())
    return ratio, float((a - ratio * b).std()) / math.sqrt(len(a)) / abs(float(b.mean()))


def deviations(system: ParameterSystem, *, seed: int, members: int = MEMBERS) -> dict[str, float]:
    """How many errors every quantity lies from the system's answer; what has neither spread nor deviation is at 0."""
    answers = system.exact()
    found = {}
    for name, (value, error) in seen(system, seed=seed, members=members).items():
        if math.isfinite(answers.get(name, math.inf)):
            deviation = value - answers[name]
            found[name] = deviation / error if error > 1e-12 * abs(value) else 1e9 * deviation
    return found


@pytest.mark.parametrize("name", SETTINGS)
def test_at_least_twenty_settings(name: str) -> None:
    assert len(SETTINGS[name]) >= 20


@pytest.mark.parametrize("index", range(len(ALL)), ids=lambda index: f"{type(ALL[index]).__name__}-{index}")
def test_every_answer_within_three_errors(index: int) -> None:
    system = ALL[index]
    found = deviations(system, seed=100 + index)
    assert {"noise_variance", "signal_variance", "temperature_kinetic"} <= found.keys()
    if any(abs(z) > LIMIT for z in found.values()):
        found = deviations(system, seed=5_000 + index, members=4 * MEMBERS)
    assert {name: z for name, z in found.items() if abs(z) > LIMIT} == {}


@pytest.mark.slow
def test_deviations_are_as_large_as_their_errors() -> None:
    """Neither a wrong answer nor an error bar too wide hides in many small deviations."""
    squares = [z * z for index in range(len(ALL)) for z in deviations(ALL[index], seed=9_000 + index).values()]
    assert 0.75 < sum(squares) / len(squares) < 1.3


def test_a_wrong_answer_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Heavy ball without its (1 + β): a formula that other libraries print."""
    system = HeavyBall(curvature=1.0, noise=0.3, rate=0.05, momentum=0.5)
    sound = system.exact()
    wrong = {**sound, "temperature_kinetic": sound["temperature_kinetic"] / 1.5}
    monkeypatch.setattr(HeavyBall, "exact", lambda self: wrong)
    assert abs(deviations(system, seed=1)["temperature_kinetic"]) > 10


ONE_OF_EACH = {name: systems[1] for name, systems in SETTINGS.items()}


@pytest.fixture(params=ONE_OF_EACH, name="system")
def _system(request: pytest.FixtureRequest) -> ParameterSystem:
    return ONE_OF_EACH[request.param]


def test_shapes(system: ParameterSystem) -> None:
    d = system.dimension
    one, many, none = system.simulate(7), system.simulate(7, members=5), system.simulate(0)
    assert one.theta.dtype == torch.float64
    assert one.theta.shape == one.force.shape == (8, d)
    assert one.gradient.shape == (7, d)
    assert many.theta.shape == (5, 8, d)
    assert many.gradient.shape == (5, 7, d)
    assert none.theta.shape == (1, d)
    assert none.gradient.shape == (0, d)


def test_simulate_is_reproducible_and_members_differ(system: ParameterSystem) -> None:
    first, again, other = (system.simulate(5, members=2, seed=seed) for seed in (4, 4, 5))
    assert torch.equal(first.theta, again.theta)
    assert torch.equal(first.gradient, again.gradient)
    assert not torch.equal(first.theta, other.theta)
    assert not torch.equal(first.theta[0], first.theta[1])


def test_answers_are_means_over_directions(system: ParameterSystem) -> None:
    answers, directions = system.exact(), system.by_direction()
    for name, values in directions.items():
        assert len(values) == system.dimension
        if name != "fdr_ratio":
            assert answers[name] == pytest.approx(sum(values) / len(values), rel=1e-14)


@pytest.mark.parametrize("steps", [-1, 2.5, True])
def test_steps_count_steps(system: ParameterSystem, steps: int) -> None:
    with pytest.raises(SpecError, match="whole number of steps"):
        system.simulate(steps)


@pytest.mark.parametrize("members", [0, -2, 1.5])
def test_members_are_a_whole_number(system: ParameterSystem, members: int) -> None:
    with pytest.raises(SpecError, match="members is"):
        system.simulate(3, members=members)


@pytest.mark.parametrize("system", list(pure_noise()), ids=["sgd", "heavy ball", "dampened", "nesterov"])
def test_pure_noise(system: HeavyBall) -> None:
    """A flat potential: the temperature is right, there is no drift, nothing is learned, and θ only spreads."""
    answers = system.exact()
    assert answers["signal_variance"] == 0
    assert answers["temperature_kinetic"] == pytest.approx(answers["temperature_noise"], rel=1e-12)
    assert math.isinf(answers["parameter_variance"])
    assert not {"temperature_configurational", "fdr_ratio", "gradient_noise_scale", "ep_rate"} & answers.keys()
    motion = system.simulate(400, members=MEMBERS, seed=8)
    assert not motion.force.any()
    moved = (motion.theta[:, -1] - motion.theta[:, 0]).flatten()
    assert abs(float(moved.mean())) < 3 * float(moved.std()) / math.sqrt(MEMBERS)
    spread = (motion.theta[:, -1] - motion.theta[:, 0]).flatten().square()
    error = float(spread.std()) / math.sqrt(MEMBERS)
    assert abs(float(spread.mean()) - naive_spread(system, 400)) < 3 * error


def naive_spread(system: HeavyBall, steps: int) -> float:
    """⟨(θ_n − θ_0)²⟩ of a free direction, by moving the covariance of (θ, v) along, the start's v stationary."""
    beta, kept, r, c = system.momentum, 1 - system.dampening, system.rate, system.noises[0]
    ahead = beta if system.nesterov else 1.0
    step = torch.tensor([[1.0, -r * ahead * beta], [0.0, beta]], dtype=torch.float64)
    push = torch.tensor([-r * (ahead * kept + (1.0 if system.nesterov else 0.0)), kept], dtype=torch.float64)
    covariance = torch.diag(torch.tensor([0.0, kept**2 * c / (1 - beta**2)], dtype=torch.float64))
    for _ in range(steps):
        covariance = step @ covariance @ step.T + c * torch.outer(push, push)
    return float(covariance[0, 0])
