"""An ensemble from its spec to its record: identities, independence of chunks, data of one's own, bad input."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

import szilard
from szilard import (
    SGD,
    Adam,
    Crossed,
    Design,
    Disjoint,
    Experiment,
    Identical,
    LabelPermutation,
    Probe,
    Supersample,
    Teacher,
    Training,
    data,
    evenly,
    factory,
)
from szilard.ensemble import trainer
from szilard.errors import ModelError, SpecError, SzilardWarning
from szilard.training import streams

pytestmark = pytest.mark.slow

Run = Callable[..., szilard.Run]


# The record


def test_identities_hold_for_every_member_and_for_the_ensemble(train: Run) -> None:
    run = train(design=Design(tasks=LabelPermutation(3), datasets=Disjoint(3, size=25), seeds=2))
    assert run.complete
    ledger, information = run.tree["ledger"].to_dataset(), run.tree["information"].to_dataset()
    np.testing.assert_allclose(ledger.work + ledger.heat, ledger.energy - ledger.energy[0], atol=1e-12)
    np.testing.assert_allclose(ledger.ep_conditional, ledger.work, atol=1e-12)
    np.testing.assert_allclose(ledger.fluctuation, 1, atol=1e-12)
    total = information.info_task + information.info_dataset + information.info_seed
    np.testing.assert_allclose(total, information.l_info, atol=1e-12)
    # Δ l_info = Σ_X − Σ, with Σ the mean of the members
    np.testing.assert_allclose(
        information.ep_ignorance, information.ep_marginal - ledger.ep_conditional.mean("member"), atol=1e-12
    )
    np.testing.assert_allclose(information.work_mean, ledger.work.mean("member"), atol=1e-12)
    np.testing.assert_allclose(information.l_info_member.mean("member"), information.l_info_plugin, atol=1e-12)


def test_the_record_says_where_every_member_stands(train: Run) -> None:
    run = train(design=Design(datasets=Disjoint(2, size=40), seeds=Crossed(2, 2)))
    members = run.data.coords
    assert members["dataset"].values.tolist() == [0] * 4 + [1] * 4
    assert members["initialisation"].values.tolist() == [0, 0, 1, 1] * 2
    assert members["order"].values.tolist() == [0, 1] * 4
    assert run.attributes["design"]["crossed"] and run.attributes["clusters"] == 2
    assert {"info_seed_initialisation", "info_seed_order"} <= set(run.data.data_vars)
    np.testing.assert_allclose(
        run.data.info_seed_initialisation + run.data.info_seed_order, run.data.info_seed, atol=1e-12
    )


def test_a_member_alone_is_what_it_is_in_the_ensemble(train: Run, small: Experiment) -> None:
    """A plain PyTorch loop over the same streams ends at the same predictions."""
    run = train(keep_checkpoints=True)
    member = small.design.members(small.seed)[3]
    draw = list(small.design.datasets.draw(0, small.design.task_kind.draw(0, small.data, 0), 3, 0))[member.dataset]
    alone = trainer.make_trainer(
        small.model.build,
        small.training,
        trainer.Cohort(small.data.train_inputs, draw.index[None], draw.labels[None]),
        initialisation_seeds=[member.initialisation_seed],
        order_seeds=[member.order_seed],
        forward_seeds=[member.forward_seed],
        strategy="loop",
    )
    alone.advance(small.training.steps)
    rows = szilard.studies.kits.experiment.probe.draw_probe(small.data, small.probe, small.seed)
    logits = alone.logits(small.data.test_inputs[rows])[0].double()
    entropy = torch.distributions.Categorical(logits=logits).entropy().mean()
    assert math.isclose(float(run.data.entropy_conditional[-1, 3]), float(entropy), rel_tol=1e-4)


def test_chunks_do_not_matter_beyond_rounding(train: Run) -> None:
    runs = [train(chunk=chunk) for chunk in (1, 3, 8)]
    for name in ("work", "heat", "loss", "cross_entropy"):
        for other in runs[1:]:
            np.testing.assert_allclose(runs[0].data[name], other.data[name], rtol=2e-3, atol=1e-6, err_msg=name)
    np.testing.assert_allclose(runs[0].data.info_dataset, runs[1].data.info_dataset, rtol=2e-3, atol=1e-6)


def test_one_configuration_gives_one_record_to_the_bit(
    train: Run, assert_same: Callable[[xr.DataTree, xr.DataTree], None]
) -> None:
    assert_same(train().tree, train().tree)


def test_identical_data_sets_have_no_effect(train: Run) -> None:
    run = train(design=Design(datasets=Identical(5, size=40), seeds=3), training=Training(SGD(lr=0.2), 8, 60))
    contrast = run.estimate("info_dataset_contrast")
    low, high = contrast.interval(0.999)
    assert low < 0 < high
    assert float(run.data.info_dataset_permutation_p[-1]) > 0.001
    assert run.estimate("info_seed").value > 0.001


def test_what_the_design_cannot_give_is_not_a_number_and_says_why(train: Run) -> None:
    run = train(design=Design(seeds=3))
    assert np.isnan(run.data.info_dataset).all() and np.isnan(run.data.info_task).all()
    assert "there is one dataset" in run.attributes["unavailable"]["info_dataset"]
    assert run.estimate("info_seed").value > 0
    run = train(design=Design(datasets=Disjoint(4, size=30)))
    assert "there is one seed for each dataset" in run.attributes["unavailable"]["info_seed"]


def test_error_bars_have_the_clusters_degrees_of_freedom(train: Run) -> None:
    run = train()
    assert run.estimate("info_dataset").degrees_of_freedom == 3
    assert run.estimate("work", step=120).value.shape == (8,)


# Population, noise, supersample


def test_a_population_of_data_sets_bounds_m_info_by_their_logarithm(train: Run) -> None:
    run = train(design=Design(datasets=Disjoint(4, size=40), seeds=2, population=True))
    np.testing.assert_allclose(run.data.m_info_upper, math.log(4))
    assert (run.data.m_info_lower.values <= math.log(4) + 3 * run.data.m_info_lower_error.values).all()


def test_noise_and_clipping_bound_m_info_by_the_chain_rule(train: Run) -> None:
    training = Training(SGD(lr=0.2, noise=1e-4), 8, 60, clip_norm=1.0)
    run = train(training=training)
    d = run.attributes["model"]["parameters"]
    expected = 60 * d / 2 * math.log(1 + 0.2**2 / (d * 1e-4))
    assert math.isclose(float(run.data.m_info_upper[-1]), expected, rel_tol=1e-12)
    assert float(run.data.m_info_upper[0]) == 0.0
    np.testing.assert_array_equal(run.data.clausius_information, -run.data.heat_mean)


def test_a_supersample_says_what_was_trained_on(train: Run) -> None:
    training = Training(SGD(lr=0.3), 8, 800)
    run = train(design=Design(datasets=Supersample(12, size=20, label_noise=0.5), seeds=1), training=training)
    information = run.estimate("supersample_information")
    assert 0 < information.value < 20 * math.log(2)
    assert np.isnan(run.data.supersample_information[:-1]).all()
    assert run.attributes["supersample"]["pairs"] + run.attributes["supersample"]["left_out"] == 20


def test_few_coins_leave_out_pairs_and_end_no_run(train: Run) -> None:
    run = train(design=Design(datasets=Supersample(5, size=30), seeds=3))
    assert run.complete and run.attributes["supersample"]["left_out"] > 0
    with pytest.raises(SpecError, match="no pair that two of them took either way"):
        train(design=Design(datasets=Supersample(3, size=30), seeds=3))


# One's own


class Student(nn.Module):
    """A module of a user's own, with batch-norm."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, width), nn.BatchNorm1d(width), nn.Tanh(), nn.Linear(width, 3))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.body(inputs)


class Smoothed(nn.Module):
    """A loss of a user's own."""

    def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return nn.functional.cross_entropy(logits, labels, label_smoothing=0.1)


def test_a_users_own_module_loss_and_torch_data_fit_in(train: Run, small: Experiment) -> None:
    points = small.data
    own = data.from_torch(
        torch.utils.data.TensorDataset(points.train_inputs, points.train_labels),
        torch.utils.data.TensorDataset(points.test_inputs, points.test_labels),
        name="mine",
    )
    assert torch.equal(own.train_inputs, points.train_inputs) and own.classes == ("0", "1", "2")
    training = Training(Adam(lr=0.01), 8, 40, loss=szilard.training.Factory(Smoothed))
    run = train(model=factory(Student, width=6), data=own, training=training, probe=Probe(size=20, labelled=False))
    assert run.complete and "accuracy" not in run.data
    assert run.attributes["spec"]["data"] == {"name": "mine", "reconstructible": False}
    assert run.attributes["trainer"]["lane"] != "fused"


def test_modules_that_vmap_cannot_take_are_trained_one_by_one_with_a_warning(train: Run) -> None:
    with pytest.warns(SzilardWarning, match="one by one"):
        run = train(
            model=factory("nets:mlp", widths=[2, 8, 3], dropout=0.2),
            training=Training(SGD(lr=0.1), 8, 12),
            record_at=evenly(6),
        )
    assert run.complete and run.attributes["trainer"]["lane"] == "loop"


def test_an_ensemble_round_trips_through_toml() -> None:
    experiment = Experiment(
        model=factory("nets:mlp", widths=[64, 10]),
        data="digits",
        training=Training(Adam(), loss=factory("torch.nn:CrossEntropyLoss", label_smoothing=0.1), clip_norm=1.0),
        design=Design(
            tasks=Teacher(2, model=factory("nets:mlp", widths=[64, 10])),
            datasets=Disjoint(3, size=100, label_noise=0.1),
            seeds=Crossed(2, 2),
        ),
        record_at=(0, 10, 100),
    )
    assert Experiment.from_toml(experiment.to_toml()) == experiment


# Bad input


def test_members_that_diverge_are_kept_marked_and_left_out(train: Run) -> None:
    class Fragile(nn.Linear):
        """Blows up at the first step where its initialisation says so."""

        def __init__(self) -> None:
            super().__init__(2, 3)
            self.register_buffer("scale", torch.where(self.bias[0].detach() > 0.2, 1e30, 1.0))

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return super().forward(inputs) * self.scale

    run = train(model=szilard.training.Factory(Fragile), training=Training(SGD(lr=0.1), 8, 40))
    finite = run.tree["ledger"].finite
    lost = int((finite[-1] == 0).sum())
    assert run.complete and 0 < lost < 8
    assert int(run.data.members_counted[-1]) == 8 - lost
    assert {each["member"] for each in run.attributes["diverged"]} == set(np.flatnonzero(finite.values[-1] == 0))
    assert np.isfinite(run.data.info_seed.values).all()
    assert np.isnan(run.data.l_info_member.values[-1][finite.values[-1] == 0]).all()


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"design": Design()}, "a design of one member is no ensemble"),
        ({"design": Design(datasets=Disjoint(9, size=40), seeds=2)}, "9 disjoint data sets of 40 examples need 360"),
        ({"training": Training(batch_size=50)}, "a batch of 50 is more than the 40 training examples"),
        ({"probe": Probe(size=99)}, "a probe of 99 is more than the 40 inputs"),
        ({"executor": "slurm"}, "there is no executor 'slurm'"),
        ({"device": "cuda:7"}, "the device 'cuda:7' cannot be used here"),
        (
            {"design": Design(tasks=LabelPermutation(2), datasets=Supersample(4, size=9), seeds=2)},
            "a supersample belongs to one task",
        ),
    ],
)
def test_what_cannot_be_carried_out_is_refused_before_anything_is_written(
    train: Run, tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        train(where=tmp_path / "run", **changes)
    assert not (tmp_path / "run" / "record.zarr").exists()


def test_a_model_that_does_not_fit_is_refused(train: Run) -> None:
    with pytest.raises(ModelError, match="could not be evaluated on the probe"):
        train(model=factory("nets:mlp", widths=[5, 3]))
    with pytest.raises(ModelError, match="has 2 outcomes and 'points' 3 classes"):
        train(model=factory("nets:mlp", widths=[2, 2]))


def test_an_interval_of_single_runs_is_not_for_ensembles(small: Experiment) -> None:
    with pytest.raises(SpecError, match="none for an ensemble, which has record_at"):
        dataclasses.replace(small, every=5)


def test_seeds_of_streams_do_not_collide() -> None:
    names = [value for name, value in vars(streams).items() if name.isupper()]
    assert len({streams.seed_of(0, name) for name in names}) == len(names)


def test_deleted_clusters_keep_their_places_when_one_is_lost(train: Run) -> None:
    """A data set whose members all diverged leaves a gap at its own place."""

    class Fragile(nn.Linear):
        """Blows up at the first step where its initialisation says so; both seeds of a data set start alike here."""

        def __init__(self) -> None:
            super().__init__(2, 3)
            self.register_buffer("scale", torch.where(self.bias[0].detach() > 0.2, 1e30, 1.0))

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return super().forward(inputs) * self.scale

    run = train(
        model=szilard.training.Factory(Fragile),
        training=Training(SGD(lr=0.1), 8, 40),
        design=Design(datasets=Disjoint(8, size=24), seeds=Crossed(1, 2)),
    )
    finite = run.tree["ledger"].finite.values[-1].reshape(8, 2)
    lost = np.flatnonzero(finite.sum(1) == 0)
    assert 0 < len(lost) < 6
    deleted = run.data.l_info_deleted.values[-1]
    assert np.isnan(deleted[lost]).all() and np.isfinite(np.delete(deleted, lost)).all()
    assert int(run.data.clusters_counted[-1]) == 8 - len(lost)


def test_buffers_take_up_data_without_noise_and_leave_no_upper_bound(train: Run) -> None:
    training = Training(SGD(lr=0.1, noise=1e-4), 8, 20, clip_norm=1.0)
    run = train(model=factory(Student), training=training)
    assert np.isnan(run.data.m_info_upper).all()
    assert "buffers" in run.attributes["unavailable"]["m_info_upper"]


def test_an_ensemble_that_all_diverged_is_broken_and_says_so(train: Run, small: Experiment) -> None:
    spoilt = data.from_arrays(small.data.train_inputs * float("nan"), small.data.train_labels, torch.zeros(30, 2))
    run = train(data=spoilt, probe=Probe(size=30, labelled=False))
    assert run.status == "broken" and "diverged" in run.attributes["broken_because"]
    assert run.attributes["broken_at_step"] == 1 and int(run.data.members_counted[-1]) == 0
    assert np.isfinite(run.data.l_info[0])


def test_an_ensemble_that_is_lost_before_its_first_step_is_broken(train: Run, small: Experiment) -> None:
    class Blind(nn.Linear):
        """Gives no finite number for the probe, which is far away, from the start."""

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            far = inputs.abs().amax(-1, keepdim=True) > 100
            return torch.where(far & (self.bias[0] == self.bias[0]), torch.nan, super().forward(inputs))

    def blind_members() -> nn.Module:
        return Blind(2, 3)

    probe = torch.full((30, 2), 5.0)
    probe[2:] = 1000.0  # the two inputs that a model is tried on may be any: see below
    own = data.from_arrays(small.data.train_inputs, small.data.train_labels, probe)
    seed = next(
        number
        for number in range(2000)
        if set(
            szilard.studies.kits.experiment.probe.draw_probe(own, Probe(size=30, labelled=False), number)[:2].tolist()
        ) == {0, 1}
    )  # fmt: skip
    run = train(
        model=szilard.training.Factory(blind_members), data=own, probe=Probe(size=30, labelled=False), seed=seed
    )
    assert run.status == "broken" and run.attributes["broken_at_step"] == 0
    assert (run.data.members_counted.values == 0).all()
