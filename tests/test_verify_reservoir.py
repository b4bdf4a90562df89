"""Verification of the reservoir passes on sound code and fails for every planted bug."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from szilard.estimate import Kind
from szilard.reservoir import (
    Dynamics,
    detailed_balance,
    entropy_production,
    noise,
    time_average,
)
from szilard.reservoir import temperature as temperature_module
from szilard.verify import Verification, judge
from szilard.verify import reservoir as equilibrium_rows
from szilard.verify import reservoir_time as noise_rows
from szilard.verify.reservoir import reservoirs
from szilard.verify.reservoir_case import reservoir_cases


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module", name="sound")
def _sound() -> Verification:
    return judge(list(reservoirs()))


AMONG = 600
"""Sampled rows among which a planted bug must be seen, at least as many as the whole table has."""


def failing(*names: str) -> set[tuple[str, str]]:
    """The rows that fail of these systems, or of all."""
    rows = judge(list(reservoirs(*names)), sampled=AMONG).rows
    return {(row.system, row.estimator) for row in rows if row.verdict != "held"}


def test_sound_code_passes(sound: Verification) -> None:
    assert sound.passed, [(row.system, row.estimator, row.z) for row in sound.failures]


def test_every_case_is_seen_and_no_row_twice(sound: Verification) -> None:
    assert {row.system for row in sound.rows} >= {case.name for case in reservoir_cases()}
    assert len({(row.system, row.estimator) for row in sound.rows}) == len(sound.rows)


def test_z_is_spread_as_it_should_be(sound: Verification) -> None:
    squares = [row.z**2 for row in sound.rows if row.sampled]
    assert 0.5 < sum(squares) / len(squares) < 1.6


def test_rows_resolve_what_they_judge(sound: Verification) -> None:
    """Half of all sampled estimates of something that is not 0 are known to better than a sixth of it."""
    sampled = [row for row in sound.rows if row.sampled and abs(row.truth) > 1e-12]
    relative = sorted(row.error / abs(row.truth) for row in sampled)
    assert relative[len(relative) // 2] < 1 / 6


def test_pure_noise(sound: Verification) -> None:
    """A flat loss: the temperature is right and nothing is learned."""
    rows = {row.estimator: row for row in sound.rows if row.system == "pure noise"}
    assert rows["signal, halves"].truth == 0
    assert rows["T kinetic"].truth == pytest.approx(0.2 * 0.7 / (2 * 0.5))
    assert "T configurational" not in rows
    assert all(row.verdict == "held" for row in rows.values())


# Planted bugs


def test_signal_clamped_at_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = noise.half_batch_draws

    def clamped(first: Any, second: Any) -> tuple[Any, Any]:
        variance, signal = sound(first, second)
        return variance, np.maximum(signal, 0)

    monkeypatch.setattr(noise, "half_batch_draws", clamped)
    assert ("pure noise", "signal, halves") in failing("pure noise")


def test_halves_taken_for_wholes(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = noise.half_batch_draws
    monkeypatch.setattr(noise, "half_batch_draws", lambda a, b: (2 * sound(a, b)[0], sound(a, b)[1]))
    names = ("linear regression", "heavy ball", "gyrator", "pure noise")
    rows = failing(*names)
    for case in names:
        assert (case, "noise, halves") in rows


def test_noise_left_in_the_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = noise.half_batch_draws
    monkeypatch.setattr(noise, "half_batch_draws", lambda a, b: (sound(a, b)[0], (a * a).mean(-1)))
    assert ("pure noise", "signal, halves") in failing("pure noise")


@pytest.mark.parametrize("factor", ["1 + beta", "1 - tau"])
def test_kinetic_temperature_without_a_factor(monkeypatch: pytest.MonkeyPatch, factor: str) -> None:
    def weight(self: Dynamics) -> float:
        if not self.buffered:
            return 0.0
        value = (
            0.5 * self.rate * (1 + self.inertia if factor == "1 - tau" else 1) * (self.inertia if self.nesterov else 1)
        )
        return value / self.intake if factor == "1 + beta" else value

    monkeypatch.setattr(Dynamics, "buffer_weight", property(weight))
    rows = failing("heavy ball", "Nesterov")
    assert ("heavy ball", "T kinetic") in rows
    assert (("Nesterov", "T kinetic") in rows) == (factor == "1 + beta")


def test_shuffled_epochs_taken_for_independent(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = noise_rows.reservoir.green_kubo_temperature

    def independent(*args: Any, shuffled_batches: int | None = None, **settings: Any) -> Any:
        return sound(*args, **settings)

    monkeypatch.setattr(noise_rows.reservoir, "green_kubo_temperature", independent)
    assert failing() == {("shuffled epochs of 5", "T, Green–Kubo")}


def test_neighbours_in_time_taken_for_independent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors without the autocorrelation time: slow averages lie too many of them away."""

    def independent(series: np.ndarray, axis: int = 0) -> Any:
        found = time_average(series, axis)
        error = found.value.error / np.sqrt(found.autocorrelation_time)
        value = type(found.value)(found.value.value, error, Kind.UNBIASED, len(series) - 1.0)
        return type(found)(value, found.autocorrelation_time, found.effective_samples)

    monkeypatch.setattr(temperature_module, "time_average", independent)
    squares = [row.z**2 for row in judge(list(reservoirs())).rows if row.estimator == "T configurational"]
    assert sum(squares) / len(squares) > 2


def test_entropy_production_counted_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = entropy_production._exchange_divergence
    monkeypatch.setattr(entropy_production, "_exchange_divergence", lambda *matrices: 2 * sound(*matrices))
    rows = failing("gyrator", "gyrator in equilibrium")
    assert ("gyrator", "EP per step, fitted") in rows
    assert ("gyrator", "EP per step, chain") in rows
    assert not any("in equilibrium" in system for system, _ in rows)


def test_symmetric_part_taken_for_the_current(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = detailed_balance.__globals__["_share"]

    def symmetric(whitened: np.ndarray) -> np.ndarray:
        return sound(whitened * np.where(np.eye(whitened.shape[-1], dtype=bool), 1.0, 0.5))

    monkeypatch.setitem(detailed_balance.__globals__, "_share", symmetric)
    assert ("gyrator", "irreversibility of M") in failing("gyrator")


def test_heat_of_paths_with_the_sign_that_the_paper_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    """σ = −q + Δs with q = +ln P/P̃, as printed after Eq. 27."""
    sound = equilibrium_rows.reservoir.path_entropy

    def printed(path: Any, *args: Any, **ends: Any) -> Any:
        found = sound(path, *args, **ends)
        if path.shape[1] < 100:  # those of the law in r stay as they are: it refuses what is below 0
            return found
        return dataclasses.replace(found, production=found.surprisal_change + found.heat)

    monkeypatch.setattr(equilibrium_rows.reservoir, "path_entropy", printed)
    assert failing() == {("dragged trap", "EP of paths")}
