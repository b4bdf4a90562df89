"""The record of Figure 3, in miniature: against a transcription, after kills, and what it refuses."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import pytest
import torch
import written_out
import xarray as xr

import szilard
from szilard import data, factory
from szilard.ensemble.trainer.batches import BatchOrder
from szilard.ensemble.trainer.stack import initialise
from szilard.errors import RecordError, SpecError
from szilard.studies.fig3.engine.schedule import make_schedule
from szilard.studies.fig3.run import plan_of, standardised
from szilard.studies.fig3.spec import Figure3, fig3

pytestmark = pytest.mark.slow

Same = Callable[[xr.DataTree, xr.DataTree], None]
Fork = Callable[[str], BaseProcess]


def clouds() -> data.Dataset:
    """Points in four dimensions, three clouds."""
    generator = torch.Generator().manual_seed(5)
    labels = torch.arange(60) % 3
    inputs = torch.randn(60, 4, generator=generator) + 1.5 * torch.nn.functional.one_hot(labels, 4)
    return data.from_arrays(inputs, labels, inputs[:30] + 0.1, labels[:30], name="clouds")


TINY = Figure3(
    model=factory("nets:mlp", widths=[4, 6, 3]), data=clouds(), batch=(1, 5), trials=(4,), steps=60, lr=0.05,
    records=6, points=12, examples=64, starts=(7,), lags=3, window=4, fresh=32, watched=2, workers=2, chunk=(2,),
)  # fmt: skip
SLOW = dataclasses.replace(TINY, steps=1200, batch=(1, 2), trials=(6, 4))
PROGRAM = """
import sys
sys.path.insert(0, {folder!r})
from test_fig3_record import SLOW
import szilard, szilard.ensemble.timing
szilard.ensemble.timing.CHECKPOINT_SECONDS = {seconds}
szilard.run(SLOW, {place!r}, quiet=True, resume=True)
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> szilard.Run:
    return szilard.run(TINY, tmp_path_factory.mktemp("fig3") / "run", quiet=True)


def transcription(batch: int) -> tuple[list[list[torch.nn.Module]], np.ndarray]:
    """Every member trained by itself in float64 on the batches that it is known to see; models and η."""
    spec = TINY
    plan = plan_of(spec, clouds())
    number = next(n for n, part in enumerate(plan.parts) if plan.batches[part.batch] == batch)
    chunks = [plan.make_chunk(number), plan.make_chunk(number + 1)]
    inputs, labels = standardised(clouds()).split("train")
    all_models, all_etas = [], []
    for chunk in chunks:
        order = BatchOrder(len(inputs), batch, "replacement", chunk.order_seeds)
        for member, model in enumerate(initialise(spec.model.build, chunk.initialisation_seeds)):
            rows = [order.block(step // order.steps)[member, step % order.steps] for step in range(spec.steps)]
            models, etas = written_out.train(model, inputs, labels, rows, spec.lr)
            all_models.append(models)
            all_etas.append(etas)
    return all_models, np.array(all_etas)


@pytest.mark.parametrize("batch", [1, 5])
def test_noise_force_and_paths_are_those_of_the_transcription(tiny: szilard.Run, batch: int) -> None:
    inputs, labels = standardised(clouds()).split("train")
    models, _ = transcription(batch)
    record = tiny.tree["fig3"].sel(batch=batch)
    for step in record.step.values[:-1]:
        row = record.sel(step=step)
        for member in range(2):
            truth = written_out.noise(models[member][step], inputs, labels, batch)
            np.testing.assert_allclose(row.noise_variance_full[member], truth["noise_variance"], rtol=1e-3)
            np.testing.assert_allclose(row.signal_variance_full[member], truth["signal_variance"], rtol=1e-3)
            np.testing.assert_allclose(row.max_force[member], truth["max_force"], rtol=1e-3)
    paths = tiny.tree["paths"].sel(batch=batch)
    for step in paths.step.values[:-1]:
        weights = np.stack([list(member[step].parameters())[-2].detach().numpy().ravel() for member in models])
        np.testing.assert_allclose(paths.theta.sel(step=step), weights[:, paths.parameter.values], atol=1e-5)


@pytest.mark.parametrize("batch", [1, 5])
def test_sampled_noise_agrees_with_the_whole_training_set(tiny: szilard.Run, batch: int) -> None:
    record = tiny.tree["fig3"].sel(batch=batch).isel(group=0)
    for name in ("noise_variance", "potential"):
        ratio = record[name].isel(member=slice(0, 2)).values / record[f"{name}_full"].values
        assert abs(ratio.mean() - 1) < 4 * ratio.std() / ratio.size**0.5 < 0.3


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> szilard.Run:
    """With thousands of fresh examples the estimate is the noise itself, product by product."""
    return szilard.run(dataclasses.replace(TINY, fresh=60_000), tmp_path_factory.mktemp("exact") / "run", quiet=True)


@pytest.mark.parametrize("batch", [1, 5])
def test_correlations_are_those_of_the_transcription(batch: int, exact: szilard.Run) -> None:
    models, etas = transcription(batch)
    found = exact.tree["correlation"].noise_covariance.sel(batch=batch)
    assert found.lag.values.tolist() == [0, 1, 2, 3]
    for start in found.step.values:
        for group, span in enumerate(written_out.spans(models[0][0])):
            truth = [written_out.covariance(etas, start, TINY.window, lag, span) for lag in found.lag.values]
            ours = found.sel(step=start).isel(group=group).mean("member")
            np.testing.assert_allclose(ours, truth, atol=0.01 * truth[0])


def test_few_fresh_examples_bring_no_bias_into_the_correlation(tmp_path: Path) -> None:
    """At a standstill the noise is white and its variance known; an estimate from two examples must not mind."""
    still = dataclasses.replace(TINY, lr=1e-12, batch=(2,), trials=(300,), fresh=2, chunk=(150,), watched=1)
    run = szilard.run(still, tmp_path / "run", quiet=True)
    found = run.tree["correlation"].noise_covariance.isel(batch=0, group=0, step=0)
    expected = run.tree["fig3"].noise_variance.isel(batch=0, group=0).mean(("step", "member")).item()
    error = found.std("member") / 300**0.5
    assert abs(found.sel(lag=0).mean("member") - expected) < 3.5 * error.sel(lag=0)
    later = found.mean("member") / error
    assert (np.abs(later.values[1:]) < 3.5).all()


def test_epochs_leave_their_known_correlation(tmp_path: Path) -> None:
    """M batches an epoch at a standstill: −(M − h)/[M(M − 1)] within it, on average over where a burst begins."""
    epoch = 6  # 60 examples, 10 at a time
    still = dataclasses.replace(
        TINY, lr=1e-12, batch=(10,), trials=(400,), shuffle="epochs", steps=240, starts=(24,), window=epoch, lags=5,
        chunk=(200,), watched=1,
    )  # fmt: skip
    run = szilard.run(still, tmp_path / "run", quiet=True)
    found = run.tree["correlation"].noise_covariance.isel(batch=0, group=0, step=0)
    assert {epoch - 1, epoch, epoch + 1} <= set(found.lag.values.tolist())
    variance = run.tree["fig3"].noise_variance.isel(batch=0, group=0).mean(("step", "member")).item()
    mean, error = found.mean("member") / variance, found.std("member") / 400**0.5 / variance
    for lag in found.lag.values:
        exact = 1.0 if lag == 0 else -max(epoch - lag, 0) / (epoch * (epoch - 1))
        assert abs(mean.sel(lag=lag) - exact) < 4 * error.sel(lag=lag), lag


def test_noise_at_the_start_goes_with_one_over_the_batch(tmp_path: Path) -> None:
    spec = dataclasses.replace(TINY, batch=(1, 10, 100), trials=(30,), chunk=(15,), steps=20)
    record = szilard.run(spec, tmp_path / "run", quiet=True).tree["fig3"].isel(step=0, group=0)
    assert (record.potential_full.values == record.potential_full.values[:1]).all(), (
        "all start from the same parameters"
    )
    scaled = record.noise_variance * record.batch
    for batch in (10, 100):
        logs = np.log(scaled.sel(batch=batch) / scaled.sel(batch=1))
        assert abs(logs.mean()) < 3.5 * logs.std() / 30**0.5
    exact = record.noise_variance_full * record.batch
    np.testing.assert_allclose(exact, exact.sel(batch=[1]).values.repeat(3, 0), rtol=1e-6)


def test_a_member_is_the_same_in_any_chunk(tmp_path: Path, tiny: szilard.Run) -> None:
    run = szilard.run(dataclasses.replace(TINY, chunk=(3,), workers=1), tmp_path / "run", quiet=True)
    for group in ("fig3", "paths", "correlation"):
        for name, values in tiny.tree[group].data_vars.items():
            np.testing.assert_allclose(run.tree[group][name], values, rtol=1e-3, atol=1e-7, err_msg=name)


def test_trained_models_alone_are_kept_when_asked(tmp_path: Path) -> None:
    run = szilard.run(TINY, tmp_path / "run", quiet=True, keep_checkpoints=True)
    kept = sorted(path.name for path in (run.path / "checkpoints").iterdir())
    assert kept == [f"chunk-{number:04}.safetensors" for number in range(len(kept))] and kept


def test_batch_sizes_may_have_different_numbers_of_trials(tmp_path: Path) -> None:
    run = szilard.run(dataclasses.replace(TINY, trials=(4, 3)), tmp_path / "run", quiet=True)
    finite = run.tree["fig3"].finite
    assert run.complete and run.attributes["trials"] == [4, 3]
    assert (finite.sum("member") == xr.DataArray([4, 3], dims="batch")).all()
    assert np.isnan(run.tree["paths"].theta.sel(batch=5).isel(member=3)).all()


@pytest.mark.parametrize("kills", [1, 3])
def test_a_killed_run_ends_with_the_same_record(
    tmp_path: Path, kills: int, slow: szilard.Run, assert_same: Same, fork: Fork
) -> None:
    place, folder, killed = tmp_path / "run", str(Path(__file__).parent), 0
    for kill in range(kills):
        process = fork(PROGRAM.format(folder=folder, seconds=0 if kill % 2 else 10, place=str(place)))
        seen, deadline = len(list(place.glob("checkpoints/*"))), time.monotonic() + 120
        while time.monotonic() < deadline and process.is_alive():
            if len(list(place.glob("checkpoints/*"))) >= seen + 3:
                break
            time.sleep(0.003)
        time.sleep(0.02 * kill)
        process.kill()
        process.join()
        killed += szilard.open(place).status == "incomplete"
    assert killed
    run = szilard.run(SLOW, place, quiet=True, resume=True)
    assert run.complete and not (place / "checkpoints").exists()
    assert_same(run.tree, slow.tree)


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> szilard.Run:
    return szilard.run(SLOW, tmp_path_factory.mktemp("slow") / "run", quiet=True)


def test_a_killed_run_goes_on_only_as_what_it_was(tmp_path: Path, tiny: szilard.Run) -> None:
    with pytest.raises(RecordError, match="differs in lr"):
        szilard.run(dataclasses.replace(TINY, lr=0.06), tiny.path, quiet=True, resume=True)


def test_a_run_that_diverges_is_broken_and_says_where(tmp_path: Path) -> None:
    run = szilard.run(dataclasses.replace(TINY, lr=1e30), tmp_path / "run", quiet=True)
    assert run.status == "broken" and "lower the learning rate" in run.attributes["broken_because"]
    assert {(each["batch"], each["member"]) for each in run.attributes["diverged"]} == {
        (batch, member) for batch in (1, 5) for member in range(4)
    }


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"batch": (10, 1)}, "batch must be rising"),
        ({"trials": (1, 2, 3)}, "one for each batch size"),
        ({"examples": 1}, "at least 2"),
        ({"lr": 0.0}, "lr must be positive"),
        ({"watched": -1}, "watched must be at least 0"),
        ({"shuffle": "epochs", "batch": (1, 61)}, "more than the 60 training examples"),
    ],
)
def test_what_cannot_be_run_is_refused(changes: dict[str, object], said: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=said):
        szilard.run(dataclasses.replace(TINY, **changes), tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()


def test_specs_go_to_toml_and_back(tmp_path: Path) -> None:
    spec = fig3("digits")
    assert Figure3.from_toml(spec.to_toml()) == spec
    from szilard.studies.catalogue import find

    (tmp_path / "mine.toml").write_text(spec.quick().to_toml(), encoding="utf-8")
    assert find(str(tmp_path / "mine.toml")) == spec.quick()
    assert find("fig3").data == "mnist" and find("fig3", "digits") == spec


def test_schedules_fit_short_trainings() -> None:
    for steps in (1, 2, 5, 40):
        schedule = make_schedule(steps, records=40, points=500, starts=(100, 1000), lags=10, window=16, epochs=[3, 60])
        assert schedule.records[0] == schedule.points[0] == 0 and schedule.records[-1] == schedule.points[-1] == steps
        assert max(schedule.of_burst(schedule.starts[-1])) <= steps
