"""Speed limits and the three lengths, on random paths."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from szilard import ledger
from szilard.ledger.length import LengthSum, angle_slope

shapes = st.tuples(st.integers(2, 8), st.integers(1, 5), st.integers(2, 8))
spreads = st.floats(1e-3, 20.0)
seeds = st.integers(0, 2**31)


def random_path(shape: tuple[int, ...], spread: float, seed: int) -> Tensor:
    steps = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return -torch.log_softmax((spread * steps).cumsum(0), -1)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(shapes, spreads, seeds)
def test_speed_limits(shape: tuple[int, ...], spread: float, seed: int) -> None:
    """Both limits hold for the joint, the mean and the root-mean-square length, and the three are ordered."""
    phi = random_path(shape, spread, seed)
    jumps = shape[0] - 1
    work = float(ledger.work_per_input(phi[:-1], phi[1:]).mean(-1).sum())
    reverse = float(ledger.work_per_input(phi[1:], phi[:-1]).mean(-1).sum())
    h = ledger.hellinger_per_input(phi[:-1], phi[1:])
    angles = ledger.angle_of(h)
    mean = float(angles.mean(-1).sum())
    joint = float(ledger.angle_of(h.mean(-1)).sum())
    rms = float(angles.square().mean(-1).sqrt().sum())
    slack = 1 + 1e-9
    assert mean <= joint * slack
    assert joint <= rms * slack
    for length in (mean, joint, rms):
        assert ledger.speed_limit(length, jumps) <= 0.5 * (work + reverse) * slack
        assert ledger.speed_limit_one_sided(length, jumps) <= work * slack
        assert ledger.speed_limit(length, jumps) == pytest.approx(4 * jumps * (1 - math.cos(length / 2 / jumps)))


def test_limits_are_tight_where_they_should_be() -> None:
    """Two outcomes a quarter turn apart in one jump: the one-sided bound is reached by equal likelihood ratios only."""
    assert ledger.speed_limit(0.3, 1000) == pytest.approx(0.3**2 / 2000, rel=1e-8)
    assert ledger.speed_limit_one_sided(0.3, 1000) == pytest.approx(0.3**2 / 4000, rel=1e-8)
    assert ledger.speed_limit_one_sided(3.2, 1) == math.inf
    assert ledger.speed_limit(0.0, 3) == ledger.speed_limit_one_sided(0.0, 3) == 0


@pytest.mark.parametrize("h", [1e-30, 1e-12, 1e-3, 0.3, 0.999, 1.0])
def test_angle_and_its_slope(h: float) -> None:
    value = torch.tensor(h, dtype=torch.float64)
    exact = 2 * math.acos(1 - h) if h > 1e-6 else math.sqrt(8 * h)
    assert float(ledger.angle_of(value)) == pytest.approx(exact, rel=1e-6)
    width = 1e-4 * h
    around = ledger.angle_of(torch.tensor([h - width, h + width], dtype=torch.float64))
    assert float(angle_slope(value)) == pytest.approx(float(around[1] - around[0]) / (2 * width), rel=1e-6)


def test_slope_at_the_ends() -> None:
    """No motion, no error: the slope is infinite there, and 0 stands for it."""
    assert angle_slope(torch.tensor([0.0, 2.0], dtype=torch.float64)).tolist() == [0.0, 0.0]


def test_a_summed_length_and_its_influence_are_those_of_their_definition() -> None:
    """Against a plain sum of angles, and the influence against moving one input's weight a little."""
    phi = random_path((6, 9, 4), 0.7, 3)
    h = ledger.hellinger_per_input(phi[:-1], phi[1:])
    total = LengthSum.zero(9, device=torch.device("cpu"))
    for jump in h:
        total = total + LengthSum.joint(jump)
    p = torch.exp(-phi)
    overlaps = (p[:-1] * p[1:]).sqrt().sum(-1)
    angles = [2 * math.acos(float(each)) for each in overlaps.mean(-1)]
    assert math.isclose(float(total.value), math.fsum(angles), rel_tol=1e-10)
    weight = 1e-6
    for one in range(9):
        weights = torch.full((9,), (1 - weight) / 9, dtype=torch.float64)
        weights[one] += weight
        moved = math.fsum(2 * math.acos(float((each * weights).sum())) for each in overlaps)
        assert math.isclose(
            (moved - math.fsum(angles)) / weight, float(total.influence[one]), rel_tol=1e-3, abs_tol=1e-6
        )
    running = LengthSum.joint(h).along(LengthSum.zero(9, device=torch.device("cpu")))
    torch.testing.assert_close(running[-1].influence, total.influence)
