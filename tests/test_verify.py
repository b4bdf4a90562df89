"""Verification passes on sound code and fails for every planted bug."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from szilard import ledger
from szilard.errors import SpecError
from szilard.estimate import Estimate, Kind
from szilard.ledger import (
    Pathwise,
    heat_per_input,
    heat_reused,
    heat_sampled,
    heat_total,
    work_per_input,
    work_reused,
    work_sampled,
)
from szilard.systems import Categorical, GaussianMean
from szilard.verify import FALSE_ALARM, Comparison, Verification, cases, compare, judge, sampled, verify
from szilard.verify.case import named


@pytest.fixture(name="sound")
def _sound(verified: Verification) -> Verification:
    return verified


def failing(verification: Verification) -> set[tuple[str, str]]:
    assert not verification.passed
    return {(row.system, row.estimator) for row in verification.failures}


def systems(rows: set[tuple[str, str]]) -> set[str]:
    return {system for system, _ in rows}


ALL_SYSTEMS = {case.name for case in cases()}
AMONG = 600
"""Sampled rows among which a planted bug must be seen, at least as many as the whole table has."""
ESTIMATORS = {
    "energy, exact",
    "entropy, exact",
    "work, exact",
    "work reversed, exact",
    "heat, exact",
    "length, exact",
    "work direct, exact",
    "length direct, exact",
    "fluctuation, exact",
    "first law, W + Q",
    "entropy, samples",
    "work, k3",
    "heat, leave-one-out",
    "heat, S_n − S_0 − W",
    "length, samples",
    "fluctuation, samples",
    "work, trajectories",
    "heat q, trajectories",
    "σ, trajectories",
    "work, reused",
    "heat, reused",
    "fluctuation, reused",
}


def test_sound_code_passes(sound: Verification) -> None:
    assert sound.passed, [(row.system, row.estimator, row.z) for row in sound.failures]


def test_named_systems_have_the_rows_that_they_have_among_all(sound: Verification) -> None:
    names = {"great circle", "whole population", "gyrator", "a way back", "PCA, sampled"}
    alone = verify(*names)
    keep = ("system", "estimator", "truth", "estimate", "error", "z", "kind")  # the limit is that of fewer rows
    assert [[getattr(row, name) for name in keep] for row in alone.rows] == [
        [getattr(row, name) for name in keep] for row in sound.rows if row.system in names
    ]
    assert {row.system for row in alone.rows} == names


def test_a_system_that_there_is_not() -> None:
    with pytest.raises(SpecError, match="no exact system 'great circel': did you mean 'great circle'"):
        verify("great circel")


def test_every_estimator_meets_every_system(sound: Verification) -> None:
    seen = {(row.system, row.estimator) for row in sound.rows}
    assert seen >= {(system, estimator) for system in ALL_SYSTEMS for estimator in ESTIMATORS}
    assert len(seen) == len(sound.rows)
    assert sum(row.sampled for row in sound.rows) <= AMONG


def test_z_is_spread_as_it_should_be(sound: Verification) -> None:
    """Error bars neither too short nor too long: the mean of z² over sampled rows is about 1 (rows correlate)."""
    squares = [row.z**2 for row in sound.rows if row.sampled]
    assert 0.5 < sum(squares) / len(squares) < 1.9


def test_float_tolerances_resolve_tiny_steps(sound: Verification) -> None:
    """Work of 3e-13 nat a step is known to a part in a million, or the row would say nothing."""
    row = next(row for row in sound.rows if "3e-13" in row.system and row.estimator == "work, exact")
    assert row.truth < 4e-12
    assert row.error < 1e-6 * row.truth


# Planted bugs


def judged(*names: str) -> Verification:
    """What the table says of the ledger along these systems, or along all: no milder than in the whole table."""
    return judge([comparison for case in named(cases(), names) for comparison in compare(case)], sampled=AMONG)


def test_unnormalised_phi(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logits taken for log-probabilities, and a Gaussian without its constant."""

    def energy(self: Categorical, x: Tensor, theta: Tensor) -> Tensor:
        return torch.take_along_dim(theta, x.expand(*theta.shape[:-1], -1), -1)

    monkeypatch.setattr(Categorical, "phi", energy)
    rows = failing(judged("mixture path", "great circle", "SGD, 50 classes"))
    assert systems(rows) >= {"mixture path", "great circle", "SGD, 50 classes"}
    assert ("mixture path", "fluctuation, exact") in rows
    assert ("mixture path", "fluctuation, samples") in rows
    assert ("mixture path", "fluctuation, reused") in rows


def test_unnormalised_gaussian(monkeypatch: pytest.MonkeyPatch) -> None:
    def energy(self: GaussianMean, x: Tensor, theta: Tensor) -> Tensor:
        return (x - theta[..., None, :]).square().sum(-1) / (2 * self.model_sigma**2)

    monkeypatch.setattr(GaussianMean, "phi", energy)
    rows = failing(judged())
    assert systems(rows) == {name for name in ALL_SYSTEMS if "Gaussian" in name}
    assert ("Gaussian, noise", "fluctuation, exact") not in rows, "the constant drops out of differences"
    assert ("Gaussian, noise", "entropy, samples") in rows


@pytest.mark.parametrize(
    ("system", "names"),
    [(Categorical, ("great circle", "SGD, 50 classes")), (GaussianMean, ("Gaussian, noise", "Gaussian, minibatches"))],
)
def test_stale_samples(monkeypatch: pytest.MonkeyPatch, system: type, names: tuple[str, ...]) -> None:
    """Each draw comes from the parameters of the draw before."""
    sound = system.sample
    last: dict[int, Tensor] = {}

    def stale(self: Any, theta: Tensor, count: int, *, generator: torch.Generator) -> Tensor:
        previous = last.get(id(self), theta)
        last[id(self)] = theta
        return sound(self, previous if previous.shape == theta.shape else theta, count, generator=generator)

    monkeypatch.setattr(system, "sample", stale)
    rows = failing(judged(*names))
    seen = {estimator for _, estimator in rows}
    assert "fluctuation, samples" in seen
    assert not any(", exact" in estimator for estimator in seen)


SWAPPED: dict[str, Callable[..., Any]] = {
    "work_per_input": lambda before, after: work_per_input(after, before),
    "work_reverse_of": lambda jump: work_per_input(jump.phi_before, jump.phi_after),
    "work_sampled": lambda before, after: work_sampled(after, before),
    "work_reused": lambda path: work_reused(path.flip(-2)),
}


@pytest.mark.parametrize("function", SWAPPED)
def test_swapped_divergence(monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    # the way back is not at the door: verification imports it from its module
    monkeypatch.setattr(sampled if function == "work_reverse_of" else ledger, function, SWAPPED[function])
    expected = {
        "work_per_input": "work, exact",
        "work_reverse_of": "work reversed, exact",
        "work_sampled": "work, k3",
        "work_reused": "work, reused",
    }
    assert ("mixture path", expected[function]) in failing(judged("mixture path"))


def negative(estimate: Any) -> Any:
    if isinstance(estimate, Estimate):
        return Estimate(-estimate.value, estimate.error, estimate.kind, estimate.degrees_of_freedom)
    return -estimate


class _FlippedPathwise(Pathwise):
    @classmethod
    def start(cls, phi: Tensor) -> Pathwise:
        return cls(torch.zeros_like(phi), torch.zeros_like(phi), phi, phi)

    def advance(self, phi_old_sample: Tensor, phi_new_sample: Tensor) -> Pathwise:
        sound = Pathwise.advance(self, phi_old_sample, phi_new_sample)
        heat = self.heat - (phi_new_sample - phi_old_sample)
        return _FlippedPathwise(heat, sound.work, sound.entropy_start, sound.entropy)


FLIPPED: dict[str, tuple[Any, str]] = {
    "heat_per_input": (lambda *phi: -heat_per_input(*phi), "heat, exact"),
    "heat_sampled": (lambda *phi: negative(heat_sampled(*phi)), "heat, leave-one-out"),
    "heat_total": (lambda *parts: negative(heat_total(*parts)), "heat, S_n − S_0 − W"),
    "heat_reused": (lambda path: negative(heat_reused(path)), "heat, reused"),
    "Pathwise": (_FlippedPathwise, "heat q, trajectories"),
}


@pytest.mark.parametrize("function", FLIPPED)
def test_flipped_sign_of_heat(monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    flipped, estimator = FLIPPED[function]
    monkeypatch.setattr(ledger, function, flipped)
    rows = failing(judged("mixture path", "SGD, 50 classes"))
    assert ("mixture path", estimator) in rows
    assert ("SGD, 50 classes", estimator) in rows


@pytest.mark.parametrize(
    "function", ["work_per_input", "heat_per_input", "hellinger_per_input", "work_sampled", "work_reused"]
)
def test_float32_differences(monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    sound = getattr(ledger, function)

    def rounded(*phi: Tensor) -> Any:
        return sound(*(one.float().double() for one in phi))

    monkeypatch.setattr(ledger, function, rounded)
    assert "tiny steps, 3e-13 nat" in systems(failing(judged("tiny steps, 3e-13 nat")))


def test_float32_phi(monkeypatch: pytest.MonkeyPatch) -> None:
    """A softmax in the network's own precision."""
    sound = Categorical.phi

    def rounded(self: Categorical, x: Tensor, theta: Tensor) -> Tensor:
        return sound(self, x, theta.float()).double()

    monkeypatch.setattr(Categorical, "phi", rounded)
    rows = failing(judged("tiny steps, 3e-13 nat"))
    assert ("tiny steps, 3e-13 nat", "work, exact") in rows
    assert ("tiny steps, 3e-13 nat", "length, exact") in rows
    assert ("tiny steps, 3e-13 nat", "work, Fisher form") not in rows, "nothing is subtracted there"


# Judging


def _comparison(
    value: float, *, error: float = 1.0, tolerance: float | None = None, freedom: float = math.inf
) -> Comparison:
    return Comparison("system", "estimator", 0.0, Estimate(value, error, Kind.UNBIASED, freedom), tolerance)


def test_limits_account_for_the_number_of_rows() -> None:
    alone = judge([_comparison(3.0)]).rows[0]
    among = judge([_comparison(3.0)] * 1000).rows[0]
    assert alone.limit == pytest.approx(3.2905, abs=1e-3)
    assert among.limit > 4.8
    assert judge([_comparison(0.0, freedom=5)]).rows[0].limit > 6
    assert FALSE_ALARM == 1e-3


@pytest.mark.parametrize(
    ("comparison", "held"),
    [
        (_comparison(0.9, tolerance=1.0), True),
        (_comparison(1.1, tolerance=1.0), False),
        (_comparison(math.nan), False),
        (_comparison(math.inf), False),
        (_comparison(0.0, error=0.0), True),
        (_comparison(1e-300, error=0.0), False),
        (_comparison(0.0, error=math.nan), False),
    ],
)
def test_verdicts(comparison: Comparison, held: bool) -> None:
    verification = judge([comparison])
    assert verification.passed is held
    assert (verification.rows[0].verdict == "held") is held


def test_nothing_is_no_pass() -> None:
    assert not judge([]).passed


def test_json(sound: Verification) -> None:
    document = json.loads(sound.to_json())
    assert document["passed"] is True
    assert len(document["rows"]) == len(sound.rows)
    assert set(document["rows"][0]) == {
        "system", "estimator", "truth", "estimate", "error", "z", "limit", "kind", "sampled", "verdict",
    }  # fmt: skip
    broken = json.loads(judge([_comparison(math.nan)]).to_json())
    assert broken["rows"][0]["estimate"] is None
    assert broken["passed"] is False


def test_table(sound: Verification) -> None:
    from rich.console import Console

    console = Console(width=80)
    with console.capture() as captured:
        console.print(sound.table())
    text = captured.get()
    assert "work, k3" in text
    assert "Gaussian, minibatches" in text
    assert f"All {len(sound.rows)} rows held" in text
    assert "…" not in text
    with console.capture() as captured:
        console.print(judge([_comparison(math.inf)]).table())
    assert "failed" in captured.get()
    assert "do not rely on" in captured.get()
