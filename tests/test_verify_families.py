"""Watched families against exact answers: sound code passes, planted bugs do not, and a monitor says the same."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import szilard
from szilard import ledger
from szilard.errors import SzilardWarning
from szilard.estimate import Estimate, Kind
from szilard.ledger.slots import slot_work_reverse
from szilard.monitor.sampled import tractable
from szilard.systems import Ising, LaggedGaussian, ProbabilisticPCA
from szilard.verify.as_models import AsSequential
from szilard.verify.families import compared_family, families
from szilard.verify.families_case import FamilyCase, family_cases
from szilard.verify.row import Comparison, Row, Verification, judge
from szilard.verify.watched import watch

CASES = {case.name: case for case in family_cases()}


@pytest.fixture(scope="module", name="sound")
def _sound() -> Verification:
    return judge(list(families()))


def _rows(case: FamilyCase, seed: int = 5) -> tuple[Row, ...]:
    return judge(list(compared_family(case, watch(case, seed)))).rows


def _failing(rows: Iterable[Row]) -> set[str]:
    return {row.estimator for row in rows if row.verdict != "held"}


def test_sound_code_passes(sound: Verification) -> None:
    assert sound.passed, [(row.system, row.estimator, row.z) for row in sound.failures]
    assert {row.system for row in sound.rows} == set(CASES)


def test_z_is_spread_as_it_should_be(sound: Verification) -> None:
    """Error bars neither too short nor too long (rows of one system correlate)."""
    squares = [row.z**2 for row in sound.rows if row.sampled and row.kind not in (Kind.LOWER, Kind.UPPER)]
    assert 0.5 < sum(squares) / len(squares) < 1.9


@pytest.mark.parametrize("name", CASES)
def test_the_essential_is_compared(sound: Verification, name: str) -> None:
    seen = {row.estimator for row in sound.rows if row.system == name}
    essential = {"work", "heat", "ep", "entropy", "entropy change", "fluctuation"}
    more = {
        "tractable": {"work reverse", "work direct", "length", "heat stepwise", "work by interval", "energy"},
        "sequential": {"work by interval", "work reverse", "length", "work per sequence", "tokens"},
        "bounded": {"work lower", "heat lower", "entropy lower", "work joint"},
        "energetic": {"work dissipated", "lag work", "work lagged", "heat lagged", "free energy change", "jarzynski"},
    }
    assert seen >= essential | more[CASES[name].capability]


# Planted bugs


def test_unnormalised_phi(monkeypatch: pytest.MonkeyPatch) -> None:
    """The energy passed off as φ."""
    monkeypatch.setattr(Ising, "phi", Ising.energy)
    with pytest.warns(SzilardWarning, match="not normalised"):
        rows = _rows(CASES["spins, sampled"])
    assert _failing(rows) >= {"work", "fluctuation", "energy"}


def test_stale_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples of the first model all along."""
    case = CASES["spins, sampled"]
    sample = Ising.sample

    def stale(self: Ising, theta: Tensor, count: int, *, generator: torch.Generator) -> Tensor:
        return sample(self, case.path[0], count, generator=generator)

    monkeypatch.setattr(Ising, "sample", stale)
    with pytest.warns(SzilardWarning, match="its samples are not of the density"):
        rows = _rows(case)
    assert _failing(rows) >= {"entropy"}


def test_swapped_divergence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reversed work for work, along a path that narrows, on which the two differ."""
    monkeypatch.setattr(tractable, "slot_work", lambda weight, d, balance=1.0: slot_work_reverse(weight, d))
    pca = ProbabilisticPCA(dimension=4, latent=2, rate=0.02, spread=1.0)
    case = replace(CASES["PCA, sampled"], system=pca, path=pca.simulate(6, seed=1).flip(0)).with_samples(4096)
    assert "work" in _failing(_rows(case))


def test_flipped_sign_of_the_free_energy(monkeypatch: pytest.MonkeyPatch) -> None:
    step = ledger.step_of_energies

    def flipped(*arguments: Any) -> Any:
        found = step(*arguments)
        turned = Estimate(-found.free_energy.value, found.free_energy.error, found.free_energy.kind)
        return replace(found, free_energy=turned)

    monkeypatch.setattr(ledger, "step_of_energies", flipped)
    assert _failing(_rows(CASES["lagged Gaussian"])) >= {"free energy change", "log normaliser", "jarzynski"}


def test_kernel_that_does_not_leave_the_model_invariant(monkeypatch: pytest.MonkeyPatch) -> None:
    """An autoregression with too much noise: heat, free energy and Jarzynski's equality are off."""
    relax = LaggedGaussian.relax

    def hot(self: LaggedGaussian, x: Tensor, theta: Tensor, steps: int, *, generator: torch.Generator) -> Tensor:
        return relax(replace(self, sigma=1.3 * self.sigma), x, theta, steps, generator=generator)

    monkeypatch.setattr(LaggedGaussian, "relax", hot)
    assert _failing(_rows(CASES["lagged Gaussian"])) >= {"energy", "heat lagged", "energy lagged"}


def test_tokens_after_the_end_that_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AsSequential, "alive", lambda self, x: torch.ones_like(x, dtype=torch.bool))
    assert _failing(_rows(CASES["text that ends"])) >= {"tokens", "energy", "entropy"}


def test_a_bound_on_the_wrong_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proposals that are denser than they say."""
    density = ProbabilisticPCA.log_proposal
    monkeypatch.setattr(ProbabilisticPCA, "log_proposal", lambda *arguments: density(*arguments) - 0.5)
    assert _failing(_rows(CASES["PCA between bounds"])) & {"entropy", "entropy lower"}


@pytest.mark.parametrize(
    ("kind", "value", "held"), [(Kind.UPPER, 9.0, True), (Kind.UPPER, -9.0, False), (Kind.LOWER, 9.0, False)]
)
def test_bounds_are_judged_on_one_side(kind: Kind, value: float, held: bool) -> None:
    rows = judge([Comparison("s", "e", 0.0, Estimate(value, 1.0, kind), bound=True)]).rows
    assert (rows[0].verdict == "held") is held
    two_sided = judge([Comparison("s", "e", 0.0, Estimate(value, 1.0, kind))]).rows
    assert two_sided[0].verdict == "failed"


def test_nan_never_holds() -> None:
    for bound in (True, False):
        estimate = Estimate(math.nan, 1.0, Kind.UPPER)
        assert judge([Comparison("s", "e", 0.0, estimate, bound=bound)]).rows[0].verdict == "failed"


# Through the front door


@pytest.mark.parametrize("name", ["PCA, sampled", "text that ends", "PCA between bounds", "spins with heat bath"])
def test_a_monitor_records_what_the_recorder_says(name: str, tmp_path: Path) -> None:
    """``szilard.Monitor`` on the same path: every number of the last row, to the bit."""
    case = CASES[name]
    seen = watch(case, seed=5)
    ppm = case.model(case.system, case.path[0])
    settings = {"path_intervals": (1, 2), **case.settings}
    if case.sampler_steps is not None:
        settings = {"sampler_steps": case.sampler_steps}
    measure = szilard.Ledger(every=1, **settings)
    monitor = szilard.Monitor(ppm, out=tmp_path / "run", measures=[measure], every=1, seed=5, quiet=True)
    for theta in case.path[1:]:
        ppm.move_to(theta)
        monitor.step()
    data = monitor.close().data
    for variable, index, _ in case.known(seen):
        value, estimate = data[variable].values[-1], seen.estimate(variable, index)
        assert float(value if index is None else value[index]) == pytest.approx(estimate.value, rel=1e-12), variable
