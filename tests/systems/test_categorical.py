"""Categorical: known figures, its answers against float64 sums, and its protocols."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from szilard.errors import SpecError
from szilard.systems import Categorical, DescentPath, GreatCirclePath, MixturePath

TARGET = (0.6, 0.3, 0.1)
PATHS = [MixturePath(), GreatCirclePath(), DescentPath(rate=0.7, batch_size=3)]


@pytest.mark.parametrize(("steps", "work"), [(5, "0.203009"), (20, "0.0680461"), (100, "0.0138763")])
def test_mixture_path(steps: int, work: str) -> None:
    answers = Categorical(TARGET, path=MixturePath(remainder=1e-6)).exact(steps=steps)
    assert f"{answers['work']:.{len(work) - 2}f}" == work


def test_great_circle() -> None:
    answers = Categorical(TARGET, path=GreatCirclePath()).exact(steps=100)
    assert f"{answers['work']:.8f}" == "0.00218111"
    assert f"{answers['length'] ** 2 / 200:.8f}" == "0.00217909"
    assert answers["length"] == pytest.approx(answers["length_direct"], rel=1e-12)
    symmetric = 0.5 * (answers["work"] + answers["work_reverse"])
    # geodesic at constant speed: the bound of every step is met only to leading order, from above
    limit = 4 * 100 * (1 - math.cos(answers["length"] / 200))
    assert 0 < symmetric / limit - 1 < 1e-3


@pytest.mark.parametrize("path", PATHS, ids=lambda path: type(path).__name__)
def test_answers_against_float_sums(path: object) -> None:
    system = Categorical(TARGET, start=(0.2, 0.5, 0.3), path=path)  # type: ignore[arg-type]
    phi = system.simulate(7, seed=1).numpy()
    p = np.exp(-phi)
    steps = range(1, 8)
    expected = {
        "work": sum((p[t - 1] * (phi[t] - phi[t - 1])).sum() for t in steps),
        "work_reverse": sum((p[t] * (phi[t - 1] - phi[t])).sum() for t in steps),
        "heat": sum(((p[t] - p[t - 1]) * phi[t]).sum() for t in steps),
        "length": sum(2 * math.acos(np.sqrt(p[t] * p[t - 1]).sum()) for t in steps),
        "energy": (p[-1] * phi[-1]).sum(),
        "entropy_conditional": -(p[-1] * np.log(p[-1])).sum(),
        "ep_conditional": sum((p[t - 1] * (phi[t] - phi[t - 1])).sum() for t in steps),
        "work_direct": (p[0] * (phi[-1] - phi[0])).sum(),
        "length_direct": 2 * math.acos(np.sqrt(p[0] * p[-1]).sum()),
        "fluctuation": 1.0,
    }
    answers = system.exact(steps=7, seed=1)
    assert set(answers) == set(expected)
    for name, value in expected.items():
        assert answers[name] == pytest.approx(value, rel=1e-9), name


@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_answers_resolve_tiny_steps(shift: float) -> None:
    """A step of relative size 1e-8 costs ½ Var(δφ), though φ has but sixteen digits; it need not be normalised."""
    phi = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64) + shift
    change = torch.tensor([3.0, -1.0, 2.0], dtype=torch.float64) * 2.0**-26
    p = torch.softmax(-phi, -1)
    variance = float((p * change.square()).sum() - (p * change).sum() ** 2)
    answers = Categorical(TARGET).along(torch.stack([phi, phi + change]))
    assert answers["work"] == pytest.approx(0.5 * variance, rel=1e-7)
    assert answers["length"] == pytest.approx(math.sqrt(variance), rel=1e-7)


@pytest.mark.parametrize("path", PATHS[:2], ids=lambda path: type(path).__name__)
def test_paths_go_from_start_to_target(path: object) -> None:
    system = Categorical(TARGET, start=(0.2, 0.5, 0.3), path=path)  # type: ignore[arg-type]
    p = torch.exp(-system.simulate(10))
    assert p[0].tolist() == pytest.approx([0.2, 0.5, 0.3])
    assert p[-1].tolist() == pytest.approx(TARGET, abs=1e-6)


def test_great_circle_to_itself_stays() -> None:
    answers = Categorical((0.5, 0.5), path=GreatCirclePath()).exact(steps=4)
    assert answers["work"] == pytest.approx(0, abs=1e-30)
    assert answers["length"] == pytest.approx(0, abs=1e-15)


def test_descent_follows_the_gradient_on_average() -> None:
    system = Categorical(TARGET, path=DescentPath(rate=0.5, batch_size=4))
    phi = system.simulate(1, members=40_000, seed=2)
    logits = -phi[:, 1] + phi[:, 1].mean(-1, keepdim=True)
    gradient = torch.tensor(TARGET, dtype=torch.float64) - 1 / 3
    error = logits.std(0) / math.sqrt(len(logits))
    assert torch.all((logits.mean(0) - 0.5 * gradient).abs() < 4 * error)
    f = torch.tensor(TARGET, dtype=torch.float64)
    variance = 0.25 * f * (1 - f) / 4
    assert torch.allclose(logits.var(0), variance, rtol=0.05)


def test_descent_learns_its_target() -> None:
    system = Categorical.random(5, concentration=2.0, seed=3)
    p = torch.exp(-system.simulate(400, members=200, seed=1)[:, 200:]).mean((0, 1))
    assert p.tolist() == pytest.approx(list(system.target), abs=0.02)


def test_seeds_choose_the_batches() -> None:
    system = Categorical.random(5)
    assert torch.equal(system.simulate(5, seed=1), system.simulate(5, seed=1))
    assert not torch.equal(system.simulate(5, seed=1), system.simulate(5, seed=2))
    members = system.simulate(5, members=2, seed=1)
    assert members.shape == (2, 6, 5)
    assert not torch.equal(members[0], members[1])


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: Categorical((1.0,)), "at least 2"),
        (lambda: Categorical((0.5, 0.4)), "sum to 1"),
        (lambda: Categorical((1.0, 0.0)), "positive share"),
        (lambda: Categorical((0.5, 0.5), start=(0.2, 0.3, 0.5)), "same outcomes"),
        (lambda: Categorical((0.5, 0.5), start=(math.nan, 0.5)), "start"),
        (lambda: Categorical.random(1), "outcomes"),
        (lambda: Categorical.random(3, concentration=0.0), "concentration"),
        (lambda: MixturePath(remainder=0.0), "remainder"),
        (lambda: MixturePath(remainder=1.5), "remainder"),
        (lambda: DescentPath(rate=-1.0), "rate"),
        (lambda: DescentPath(batch_size=0), "batch_size"),
        (lambda: Categorical(TARGET).simulate(-1), "steps"),
        (lambda: Categorical(TARGET).simulate(1, members=0), "members"),
    ],
)
def test_invalid_parameters(make, named: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SpecError, match=named):
        make()
