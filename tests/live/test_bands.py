"""What is said of rise and fall, held against truths that stay: its size by simulation, whoever looks how often."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import szilard
from szilard.live.bands import Changes, Counted, factor, freedom, halves
from szilard.studies.reading import degrees_of_freedom

INPUTS, RECORDS, REPLICATES = 100, 200, 200
Draw = Callable[[np.random.Generator], np.ndarray]


def wandering(rng: np.random.Generator) -> np.ndarray:
    """Per-input values of the same inputs at all records, which wander about a mean that stays, as along a training."""
    return rng.normal(size=(RECORDS, INPUTS)).cumsum(axis=0) / 10 + rng.normal(size=INPUTS)


def normal(rng: np.random.Generator) -> np.ndarray:
    """Values of other inputs at each record."""
    return rng.normal(size=(RECORDS, INPUTS))


def skewed(rng: np.random.Generator) -> np.ndarray:
    """Likewise, and a few of them are very large, as are losses of confident models."""
    return np.exp(1.5 * rng.normal(size=(RECORDS, INPUTS)))


def estimates(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard error over inputs at each record; shapes (1, records)."""
    return values.mean(axis=1)[None], values.std(axis=1, ddof=1)[None] / math.sqrt(values.shape[1])


def ever(mean: np.ndarray, half: np.ndarray) -> bool:
    """Whether anybody who looks at every record is once told of a rise or a fall."""
    low, high = (mean - half)[0], (mean + half)[0]
    return bool((low > np.minimum.accumulate(high)).any() or (high < np.maximum.accumulate(low)).any())


@pytest.mark.parametrize("draw", [wandering, normal, skewed])
def test_no_change_is_said_where_there_is_none(draw: Draw) -> None:
    said = missed = naive = 0
    for replicate in range(REPLICATES):
        mean, error = estimates(draw(np.random.default_rng(replicate)))
        half = halves(error, 0, INPUTS - 1.0, 1)
        said += ever(mean, half)
        missed += bool((np.abs(mean) > half).any())
        naive += ever(mean, 1.98 * error)
    most = REPLICATES * 0.05 + 3 * math.sqrt(REPLICATES * 0.05 * 0.95)
    assert said <= most
    if draw is not skewed:
        assert missed <= most
    if draw is not wandering:
        assert naive > 0.8 * REPLICATES  # what bars of 95 % say


def test_what_is_said_is_what_bands_show_at_that_time() -> None:
    drift = np.sin(np.arange(RECORDS) / 30)[:, None]
    mean, error = estimates(drift + np.random.default_rng(3).normal(size=(RECORDS, INPUTS)))
    half, changes = halves(error, 0, INPUTS - 1.0, 1), Changes(1)
    found = 0
    for at in range(RECORDS):
        changes.add(np.array([at]), mean[:, at : at + 1], half[:, at : at + 1])
        said = changes.said(0)
        assert said is not None and said["now"] == [at, pytest.approx(mean[0, at], rel=1e-5)]
        rose = (mean - half)[0, at] > (mean + half)[0, : at + 1].min()
        fell = (mean + half)[0, at] < (mean - half)[0, : at + 1].max()
        assert (said["rose"] is not None, said["fell"] is not None) == (rose, fell)
        found += rose + fell
    assert found


def test_a_change_is_found() -> None:
    rng = np.random.default_rng(0)
    truth = np.concatenate([np.linspace(2, 1, 200), np.linspace(1, 1.6, 200)])
    values = truth[:, None] + rng.normal(size=(400, INPUTS)) * 0.2
    mean, error = estimates(values)
    half = halves(error, 0, INPUTS - 1.0, 20)
    changes = Changes(1)
    changes.add(np.arange(200), mean[:, :200], half[:, :200])
    half_way = changes.said(0)
    changes.add(np.arange(200, 400), mean[:, 200:], half[:, 200:])
    end = changes.said(0)
    assert half_way is not None and half_way["fell"] is not None and half_way["rose"] is None
    assert end is not None and end["fell"] is not None and end["rose"] is not None
    assert abs(end["rose"][0] - 200) < 40 and end["now"][0] == 399


def test_all_shares_together_are_five_percent() -> None:
    from scipy.special import ndtr

    spent = sum(2**epoch * 2 * ndtr(-factor(epoch, math.inf, 3)) for epoch in range(60))
    assert 3 * spent == pytest.approx(0.05 * (1 - 1 / 61), rel=1e-6)


def test_bands_in_parts_are_bands_at_once() -> None:
    errors = np.ones((2, 1000))
    whole = halves(errors, 0, 99.0, 7)
    parts = np.concatenate([halves(errors[:, at : at + 130], at, 99.0, 7) for at in range(0, 1000, 130)], axis=1)
    np.testing.assert_array_equal(whole, parts)
    np.testing.assert_array_equal(whole, halves(errors, 0, np.full(1000, 99.0), 7))


def test_what_rests_on_two_clusters_has_no_band() -> None:
    assert np.isnan(halves(np.ones((1, 3)), 9, np.array([1.0, 0.0, np.nan]), 1)).all()


def test_degrees_of_freedom_are_those_of_the_summary(frozen_runs: list[szilard.Run]) -> None:
    compared = 0
    for run in frozen_runs:
        for node in run.tree.children.values():
            data = node.to_dataset(inherit=False)
            for name in map(str, data.data_vars):
                if f"{name}_error" not in data or not data.sizes["step"]:
                    continue
                ours = freedom(data[f"{name}_error"].attrs, run.attributes, data)
                theirs = degrees_of_freedom(data[name].attrs, data, -1, run.attributes)
                if isinstance(ours, Counted):
                    ours = float(ours.of(data[ours.column].values[-1:])[0])
                if ours is not None and math.isfinite(theirs):
                    assert ours == theirs, (run.path, name)
                    compared += 1
    assert compared > 50


@pytest.fixture(scope="module")
def frozen_runs(tmp_path_factory: pytest.TempPathFactory) -> list[szilard.Run]:
    """Records of a single run, an ensemble and a sampled run."""
    import tarfile

    place = tmp_path_factory.mktemp("records")
    found = []
    for name in ("single", "budget", "sampled-text"):
        with tarfile.open(Path(__file__).parents[1] / "frozen" / "records" / f"{name}.tar.gz") as archive:
            archive.extractall(place / name, filter="data")
        found.append(szilard.open(place / name))
    return found
