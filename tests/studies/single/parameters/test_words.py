"""The sentences that summary and page share."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import xarray as xr

from szilard.audit import audit
from szilard.estimate import Estimate, Kind
from szilard.studies.kits.parameters.words import in_words, noise_scale, over
from szilard.studies.kits.watched.bursts import Bursts
from szilard.studies.kits.watched.reading import WatchedReading


@pytest.fixture
def said(
    attached: Callable[..., xr.DataTree], learned: xr.DataTree, makers: dict[str, Any]
) -> Callable[..., tuple[Bursts, dict[str, str]]]:
    def make(**settings: Any) -> tuple[Bursts, dict[str, str]]:
        tree = attached(learned, makers["Setting"](**settings))
        bursts = WatchedReading(tree).bursts
        assert bursts is not None
        return bursts, dict(in_words(bursts, audit(tree).rows))

    return make


@pytest.mark.parametrize(
    ("force", "meaning"),
    [(0.3, "waste no examples"), (1.0, "of that order"), (4.0, "repeat themselves")],
)
def test_the_noise_scale_says_what_the_batch_is_worth(
    force: float, meaning: str, said: Callable[..., Any], makers: dict[str, Any]
) -> None:
    """A steady force on each parameter, noise of variance 1 and batches of 32: B = 32/force²."""
    layer = makers["Layer"](d=40, curvature=1e-6, start=force * 1e6)
    bursts, words = said(layers=(layer, layer), records=30, every=15)
    assert meaning in words["noise scale"]
    scale, (low, high) = noise_scale(bursts, bursts.late)
    assert low < 32 / force**2 < high
    assert abs(scale.z(32 / force**2)) < 4


def test_without_force_there_is_no_noise_scale(said: Callable[..., Any], makers: dict[str, Any]) -> None:
    layer = makers["Layer"](curvature=0.0, start=0.0)
    for seed in range(5):
        bursts, words = said(layers=(layer,), records=20, every=15, seed=seed)
        scale, ends = noise_scale(bursts, bursts.late)
        assert math.isnan(scale.value) and ends == (-math.inf, math.inf)
        assert "no force can be told from zero" in words["noise scale"]
        assert "learn" not in " ".join(words.values())


def test_the_hottest_comes_first(said: Callable[..., Any], makers: dict[str, Any]) -> None:
    layer = makers["Layer"]
    _, words = said(layers=[layer(scale=scale) for scale in (1.0, 3.0, 2.0, 0.5, 0.7, 0.9, 0.6)], records=40)
    text = words["temperature"]
    assert text.startswith("layer1 ")
    assert text.index("layer1") < text.index("layer2") < text.index("… (2 between)") < text.index("layer3")
    assert "hottest over coldest 3" in text
    assert "not of one temperature" in words["noise"]


def test_small_temperatures_are_written_in_powers_of_ten(said: Callable[..., Any], makers: dict[str, Any]) -> None:
    _, words = said(layers=(makers["Layer"](scale=1e-3),), records=20)
    assert "·10⁻⁸" in words["temperature"]
    assert "hottest" not in words["temperature"]


def test_few_bursts_say_that_they_are_few(said: Callable[..., Any]) -> None:
    _, words = said(records=5)
    assert list(words) == ["reservoir"]
    assert "5 bursts and 8 are needed" in words["reservoir"]


def test_verdicts_are_told_in_three_lists(said: Callable[..., Any]) -> None:
    _, words = said()
    assert words["noise"] == "stationary, isotropic, of one temperature; undecided whether white."


def test_over_adds_relative_errors() -> None:
    found = over(Estimate(6.0, 0.6, Kind.UNBIASED, 9.0), Estimate(2.0, 0.1, Kind.UNBIASED, 5.0))
    assert found.value == 3.0
    assert found.error == pytest.approx(3.0 * math.hypot(0.1, 0.05))
    assert found.degrees_of_freedom == 5.0


def test_a_loop_of_other_noise_is_told_at_once(said: Callable[..., Any], makers: dict[str, Any]) -> None:
    _, words = said(layers=(makers["Layer"](d=60),), records=30, loop=0.5)
    assert "The loop's own differs from that of fresh batches" in words["noise"]
    _, sound = said(layers=(makers["Layer"](d=60),), records=30)
    assert "differs" not in sound["noise"]


def test_full_batches_have_no_noise(
    attached: Callable[..., xr.DataTree], learned: xr.DataTree, makers: dict[str, Any]
) -> None:
    """All the data in every batch: no noise, no temperature, and nothing said of its shape."""
    tree = attached(learned, makers["Setting"](records=20))
    for name in ("noise_variance", "noise_variance_loop", "noise_covariance", "temperature_noise"):
        tree["reservoir"][name][:] = 0.0
    bursts = WatchedReading(tree).bursts
    rows = audit(tree)
    assert bursts is not None and bursts.silent
    assert in_words(bursts, rows.rows) == [
        ("noise", "none: every batch holds all the training data, so the temperature is 0.")
    ]
    for name in ("isotropic noise", "white noise", "noise of the loop", "one temperature"):
        assert rows[name].verdict == "cannot be checked here"
