"""The reservoir as a setting of an experiment."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import szilard
from szilard import Experiment, Training, factory
from szilard.errors import SpecError
from szilard.experiments import ReservoirSettings
from szilard.studies.single.spec import RESERVOIR_EVERY, single


def experiment(**settings: object) -> Experiment:
    given = {"reservoir": ReservoirSettings(every=10, lags=(1, 2)), "training": Training(steps=40), **settings}
    return Experiment(model=factory("nets:mlp", widths=[64, 12, 10]), data="digits", every=10, **given)  # type: ignore[arg-type]


def test_it_round_trips_through_toml():
    spec = experiment(reservoir=ReservoirSettings(every=20, lags=(1, 3), force="full", groups="parameter"))
    assert Experiment.from_toml(spec.to_toml()) == spec
    assert Experiment.from_toml(experiment(reservoir=None).to_toml()).reservoir is None


def test_the_named_run_has_it_at_a_fixed_interval():
    assert single().reservoir == ReservoirSettings(every=RESERVOIR_EVERY)


def test_a_run_records_it_and_trains_the_same_without(tmp_path):
    with_it, without = (
        szilard.run(experiment(**more), tmp_path / name, quiet=True)
        for name, more in (("with", {}), ("without", {"reservoir": None}))
    )
    data = with_it.tree["reservoir"].to_dataset()
    assert data["step"].values.tolist() == [0, 10, 20, 30]
    assert data["group"].values.tolist() == ["1", "3"]
    told = with_it.attributes["reservoir"]
    assert (told["batch_size"], told["replacement"], told["clipped"]) == (32, False, False)
    assert told["parameters"] == [64 * 12 + 12, 12 * 10 + 10]
    for name in ("work", "heat", "loss", "accuracy"):
        np.testing.assert_array_equal(with_it.data[name].values, without.data[name].values)


def test_an_estimate_of_a_burst_has_its_degrees_of_freedom(tmp_path):
    run = szilard.run(experiment(training=Training(steps=25, clip_norm=0.1)), tmp_path / "run", quiet=True)
    estimate = run.estimate("noise_variance", step=10)
    assert estimate.value.shape == (2,)
    assert estimate.degrees_of_freedom == 3  # bursts of four steps
    assert run.attributes["reservoir"]["clipped"] is True


def test_by_replacement_as_the_training_draws(tmp_path):
    run = szilard.run(experiment(training=Training(steps=12, shuffle="replacement")), tmp_path / "run", quiet=True)
    assert run.attributes["reservoir"]["replacement"] is True


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"every": 12}, r"ReservoirSettings\.every must be more than the longest lag and 2, not 12"),
        ({"lags": ()}, r"ReservoirSettings\.lags must be positive whole numbers"),
        ({"groups": "block"}, r"ReservoirSettings\.groups must be 'layer' or 'parameter'"),
        ({"force": "exact"}, r"ReservoirSettings\.force must be"),
        ({"per_example": 1}, r"ReservoirSettings\.per_example must be 0, or at least 2"),
        ({"window": 3}, r"ReservoirSettings\.window must be at least 8"),
        ({"directions": -1}, r"ReservoirSettings\.directions must be at least 0"),
        ({"budget": 1.5}, r"ReservoirSettings\.budget must be between 0 and 1"),
    ],
)
def test_settings_that_make_no_sense(settings, message):
    with pytest.raises(SpecError, match=message):
        ReservoirSettings(**settings)


def test_not_with_kicks_nor_in_ensembles():
    with pytest.raises(SpecError, match=r"Experiment\.reservoir must be none with SGD\(noise=…\)"):
        experiment(training=Training(optimizer=szilard.SGD(noise=0.01)))
    with pytest.raises(SpecError, match=r"Experiment\.reservoir must be none for an ensemble"):
        Experiment(
            model=factory("nets:mlp", widths=[64, 10]),
            data="digits",
            design=szilard.Design(),
            reservoir=ReservoirSettings(),
        )


def test_torch_is_left_as_it_was(tmp_path):
    torch.manual_seed(3)
    wanted = torch.rand(2)
    torch.manual_seed(3)
    szilard.run(experiment(training=Training(steps=12)), tmp_path / "run", quiet=True)
    assert torch.rand(2).equal(wanted)
