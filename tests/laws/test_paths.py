"""Laws of the path functions: how W, Q and L depend on the measuring interval, on outcomes, on heads, on step size."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from szilard import ledger
from szilard.systems import Categorical, DescentPath, GaussianMean, GreatCirclePath, MixturePath

TARGET = (0.6, 0.3, 0.1)


def work(phi: Tensor) -> float:
    return float(ledger.work_per_input(phi[:-1], phi[1:]).sum())


def reverse(phi: Tensor) -> float:
    return float(ledger.work_per_input(phi[1:], phi[:-1]).sum())


def length(phi: Tensor) -> float:
    return float(ledger.angle_of(ledger.hellinger_per_input(phi[:-1], phi[1:])).sum())


@pytest.mark.parametrize(("interval", "printed"), [(1, 0.0105), (10, 0.0069), (100, 0.0011)])
def test_stationary_work_per_training_step(interval: int, printed: float) -> None:
    """Theory §1.5, per component: diffusion ∝ 1 below the relaxation time, falling as 1/k beyond it."""
    system = GaussianMean(
        dimension=1, points=10, model_sigma=1.0, data_sigma=1.0, rate=0.1, noise=0.02, initial_variance=0.5
    )
    paths = system.simulate(1500, members=400, seed=1)[:, 500:]
    jumps = paths[:, ::interval].diff(dim=1).square().sum((1, 2)) / 2 / 1000
    mean, error = float(jumps.mean()), float(jumps.std()) / math.sqrt(len(jumps))
    stationary = 0.02 / 0.19 * (1 - 0.9**interval) / interval
    assert stationary == pytest.approx(printed, abs=0.5001e-4)
    assert abs(mean - stationary) < 4 * error


def test_drift_grows_with_the_interval() -> None:
    """A geodesic at constant speed has no diffusion: work per training step is proportional to k."""
    phi = Categorical(TARGET, path=GreatCirclePath()).simulate(400)
    for interval in (2, 4, 8):
        assert work(phi[::interval]) == pytest.approx(interval * work(phi), rel=0.02)
        assert length(phi[::interval]) == pytest.approx(length(phi), rel=1e-9)


def test_diffusion_is_half_r_squared_trace_of_fisher_times_covariance() -> None:
    """At the minimum one minibatch step costs ½ r² tr(F C)/|b|."""
    system = GaussianMean(
        dimension=3, points=9, model_sigma=0.8, data_sigma=1.0, rate=0.2, noise=0.0, initial_variance=0.0, batch_size=4
    )
    data = torch.randn(9, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    fisher = torch.eye(3, dtype=torch.float64) / 0.8**2
    gradients = (data.mean(0) - data) / 0.8**2
    covariance = gradients.T @ gradients / 9
    predicted = 0.5 * 0.2**2 * float((fisher @ covariance).trace()) / 4
    assert system.exact_given(data, data.mean(0), steps=1)["work"] == pytest.approx(predicted, rel=1e-12)


@pytest.mark.parametrize(
    "path", [MixturePath(), GreatCirclePath(), DescentPath()], ids=lambda path: type(path).__name__
)
@pytest.mark.parametrize("steps", [1, 5, 40])
def test_speed_limits_on_the_exact_systems(path: object, steps: int) -> None:
    answers = Categorical(TARGET, path=path).exact(steps=steps)  # type: ignore[arg-type]
    symmetric = 0.5 * (answers["work"] + answers["work_reverse"])
    assert ledger.speed_limit(answers["length"], steps) <= symmetric
    assert ledger.speed_limit_one_sided(answers["length"], steps) <= answers["work"]
    assert answers["length_direct"] <= answers["length"] * (1 + 1e-12)


def test_the_symmetric_limit_is_reached_on_a_geodesic() -> None:
    ratios = []
    for steps in (10, 100, 1000):
        answers = Categorical(TARGET, path=GreatCirclePath()).exact(steps=steps)
        symmetric = 0.5 * (answers["work"] + answers["work_reverse"])
        ratios.append(symmetric / ledger.speed_limit(answers["length"], steps) - 1)
    assert ratios[0] > ratios[1] > ratios[2] > 0
    assert ratios[2] == pytest.approx(ratios[1] / 100, rel=0.05)


def test_orders_in_the_step() -> None:
    """KL is of second order in the step, the midpoint work (W − W_rev)/2 of third, W against L²/2 agrees to third."""
    phi = -torch.log(torch.tensor(TARGET, dtype=torch.float64))
    direction = torch.tensor([1.0, -1.0, 0.5], dtype=torch.float64)

    def jump(size: float) -> Tensor:
        return torch.stack([phi, -torch.log_softmax(-phi - size * direction, -1)])[:, None]

    sizes = [0.02, 0.01, 0.005]
    works = [work(jump(size)) for size in sizes]
    midpoints = [0.5 * (work(jump(size)) - reverse(jump(size))) for size in sizes]
    excess = [abs(work(jump(size)) - 0.5 * length(jump(size)) ** 2) for size in sizes]
    for values, order in ((works, 2), (midpoints, 3), (excess, 3)):
        for large, small in itertools.pairwise(values):
            assert math.log2(large / small) == pytest.approx(order, abs=0.05)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.integers(2, 6), st.integers(2, 8), st.floats(0.01, 5.0), st.integers(0, 2**31))
def test_merging_outcomes_loses_work(steps: int, outcomes: int, spread: float, seed: int) -> None:
    """Whoever cannot tell two outcomes apart sees less work and less length: data processing, step by step."""
    moves = torch.randn(steps, outcomes + 1, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    phi = -torch.log_softmax((spread * moves).cumsum(0), -1)
    merged = torch.cat([-torch.logsumexp(-phi[:, :2], -1, keepdim=True), phi[:, 2:]], -1)
    slack = 1 + 1e-9
    assert work(merged) <= work(phi) * slack
    assert reverse(merged) <= reverse(phi) * slack
    assert length(merged) <= length(phi) * slack


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.floats(0.01, 3.0), st.integers(0, 2**31))
def test_independent_heads_add(spread: float, seed: int) -> None:
    """Two labels independent given the input: W, Q, S add up, overlaps multiply."""
    generator = torch.Generator().manual_seed(seed)
    a, b = (
        -torch.log_softmax((spread * torch.randn(4, size, generator=generator, dtype=torch.float64)).cumsum(0), -1)
        for size in (3, 5)
    )
    both = (a[:, :, None] + b[:, None, :]).flatten(1)
    for function in (ledger.work_per_input, ledger.heat_per_input):
        apart = function(a[:-1], a[1:]) + function(b[:-1], b[1:])
        assert torch.allclose(function(both[:-1], both[1:]), apart, rtol=1e-9, atol=1e-13)
    assert torch.allclose(
        ledger.entropy_per_input(both), ledger.entropy_per_input(a) + ledger.entropy_per_input(b), rtol=1e-12
    )
    overlap_a, overlap_b, overlap = (1 - ledger.hellinger_per_input(phi[:-1], phi[1:]) for phi in (a, b, both))
    assert torch.allclose(overlap, overlap_a * overlap_b, rtol=1e-12)
