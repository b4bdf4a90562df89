"""Runs: they learn, they reproduce, they leave the caller's random state alone, and they end in order."""

from __future__ import annotations

import dataclasses
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import szilard
from szilard.data import Dataset
from szilard.errors import ModelError, RecordError, SpecError, SzilardWarning
from szilard.experiments import Experiment, Probe
from szilard.studies.catalogue import find
from szilard.studies.kits.experiment.probe import draw_probe
from szilard.studies.runner import run
from szilard.training import SGD, AdamW, Decay, Training, factory, streams
from szilard.training.training import batches


def points(examples: int = 60) -> Dataset:
    """Two separable clouds in the plane."""
    generator = torch.Generator().manual_seed(1)
    labels = torch.arange(examples) % 2
    inputs = torch.randn(examples, 2, generator=generator) + 3 * labels[:, None]
    return Dataset("points", inputs, labels, inputs[:20].clone(), labels[:20].clone(), ("low", "high"))


SMALL = Experiment(
    model=factory("nets:mlp", widths=[2, 8, 2], dropout=0.2),
    data=points(),
    training=Training(optimizer=SGD(lr=0.1), batch_size=8, steps=40),
    probe=Probe(size=16),
    every=4,
    path_intervals=(1, 2),
)


def numbers(record: szilard.Run) -> dict[str, np.ndarray]:
    """Every number of a record but the time that it took."""
    return {
        f"{group}/{name}": variable.values
        for group, node in record.tree.children.items()
        for name, variable in node.data_vars.items()
        if name != "wall_time"
    }


@pytest.mark.slow
def test_the_named_run_learns_the_digits(tmp_path: Path) -> None:
    record = run(find("single", "digits"), tmp_path / "run", quiet=True)
    assert record.complete and record.attributes["every_chosen_by"] == "user"
    assert record.estimate("accuracy").value > 0.95
    assert record.data.sizes["step"] == 401


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_the_named_run_starts_on_published_data(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(name.replace("-", "_"))
    experiment = find("single", name)
    short = dataclasses.replace(experiment, training=dataclasses.replace(experiment.training, steps=80))
    record = run(short, tmp_path / "run", quiet=True)
    assert record.complete and record.estimate("accuracy").value > 0.3


def test_a_seed_gives_the_same_record_to_the_bit_and_another_seed_another(tmp_path: Path) -> None:
    first = numbers(run(SMALL, tmp_path / "first", quiet=True))
    torch.manual_seed(123)
    again = numbers(run(SMALL, tmp_path / "again", quiet=True))
    other = numbers(run(dataclasses.replace(SMALL, seed=1), tmp_path / "other", quiet=True))
    assert first.keys() == again.keys()
    for name, values in first.items():
        np.testing.assert_array_equal(values, again[name], err_msg=name)
    assert not np.array_equal(first["ledger/work"], other["ledger/work"])


def test_the_random_state_of_the_caller_is_left_alone(tmp_path: Path) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    run(SMALL, tmp_path / "run", quiet=True)
    assert torch.equal(before, torch.get_rng_state())


def test_threads_are_as_asked_within_the_run_and_as_before_after_it(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    other = before + 1
    record = run(dataclasses.replace(SMALL, threads=other), tmp_path / "run", quiet=True)
    assert record.attributes["provenance"]["threads"] == other and torch.get_num_threads() == before


def test_the_loop_is_plain_pytorch(tmp_path: Path) -> None:
    """The same streams by hand give the same last loss."""
    losses: list[float] = []
    training = Training(optimizer=AdamW(lr=0.05), batch_size=60, steps=10, shuffle="replacement")
    model = factory(nn.Linear, in_features=2, out_features=2)
    experiment = dataclasses.replace(SMALL, model=model, training=training, every=1)
    record = run(experiment, tmp_path / "run", quiet=True)

    data = points()
    torch.manual_seed(streams.seed_of(0, streams.INITIALISATION))
    linear = nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(linear.parameters(), lr=0.05)
    order = torch.Generator().manual_seed(streams.seed_of(0, streams.ORDER))
    for _ in range(10):
        index = torch.randint(60, (60,), generator=order)
        loss = nn.functional.cross_entropy(linear(data.train_inputs[index]), data.train_labels[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    np.testing.assert_array_equal(record.data["loss"].values[1:], losses)


def test_the_record_holds_the_spec(tmp_path: Path) -> None:
    experiment = dataclasses.replace(find("single"), training=Training(steps=2), every=1, name="brief")
    record = run(experiment, tmp_path / "run", quiet=True)
    assert Experiment.from_table(record.attributes["spec"]) == experiment
    assert record.name == "brief" and record.attributes["seed"] == 0


def test_what_no_file_can_hold_is_marked_in_the_record(tmp_path: Path) -> None:
    record = run(dataclasses.replace(SMALL, model=factory(lambda: nn.Linear(2, 2))), tmp_path / "run", quiet=True)
    spec = record.attributes["spec"]
    assert spec["data"] == {"name": "points", "reconstructible": False}
    assert spec["model"]["reconstructible"] is False and "lambda" in spec["model"]["factory"]


def test_the_schedule_is_followed(tmp_path: Path) -> None:
    training = dataclasses.replace(SMALL.training, steps=6, schedule=Decay(at=(3,), factor=0.5))
    record = run(dataclasses.replace(SMALL, training=training, every=1), tmp_path / "run", quiet=True)
    np.testing.assert_allclose(record.data["learning_rate"].values[1:], [0.1, 0.1, 0.1, 0.05, 0.05, 0.05])


def test_a_probe_without_labels_has_no_accuracy(tmp_path: Path) -> None:
    probe = Probe(size=None, labelled=False)
    record = run(dataclasses.replace(SMALL, probe=probe), tmp_path / "run", quiet=True)
    assert "accuracy" not in record.data and record.attributes["probe"]["inputs"] == 20


def test_a_diverging_run_stops_and_keeps_what_was_recorded(tmp_path: Path) -> None:
    training = dataclasses.replace(SMALL.training, optimizer=SGD(lr=1e30))
    with pytest.warns(SzilardWarning, match="not finite"):
        record = run(dataclasses.replace(SMALL, training=training, every=1), tmp_path / "run", quiet=True)
    assert record.status == "broken" and 0 < record.attributes["broken_at_step"] < 40
    assert record.data.sizes["step"] >= 1 and np.isfinite(record.data["work"].values).all()


class Interrupted(nn.Linear):
    """A model whose user loses patience at its 12th training step."""

    def __init__(self) -> None:
        super().__init__(2, 2)
        self.steps = 0

    def forward(self, inputs: Tensor) -> Tensor:
        self.steps += self.training
        if self.steps == 12:
            raise KeyboardInterrupt
        return super().forward(inputs)


def test_an_interrupted_run_closes_its_record(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(dataclasses.replace(SMALL, model=factory(Interrupted), every=1), tmp_path / "run", quiet=True)
    record = szilard.open(tmp_path / "run")
    assert record.status == "broken" and "KeyboardInterrupt" in record.attributes["broken_because"]
    assert record.data["step"].values[-1] == 11


BAD: list[tuple[str, dict[str, Any], type[Exception], str]] = [
    ("probe too large", {"probe": Probe(size=21)}, SpecError, "probe of 21 is more than the 20 inputs of the test"),
    ("batch too large", {"training": Training(batch_size=61)}, SpecError, "batch of 61 is more than the 60"),
    ("no such device", {"device": "abacus"}, SpecError, "'abacus' cannot be used here .*set device to 'cpu'"),
    ("no such data", {"data": "minst"}, SpecError, "did you mean 'mnist'"),
    ("another shape", {"model": factory("nets:mlp", widths=[3, 2])}, ModelError, "mat1 and mat2|shape"),
    ("no module", {"model": factory(lambda: 3)}, SpecError, "must return an nn.Module"),
]


@pytest.mark.parametrize(("change", "error", "message"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_what_does_not_fit_leaves_no_record(
    change: dict[str, Any], error: type[Exception], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        run(dataclasses.replace(SMALL, **change), tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()


def test_a_record_is_not_replaced_unasked(tmp_path: Path) -> None:
    run(SMALL, tmp_path / "run", quiet=True)
    # Refused before anything else is looked at: this data set does not exist.
    with pytest.raises(RecordError, match="already holds a record"):
        run(dataclasses.replace(SMALL, data="nothing"), tmp_path / "run", quiet=True)
    assert run(dataclasses.replace(SMALL, seed=2), tmp_path / "run", overwrite=True, quiet=True).attributes["seed"] == 2


def test_an_epoch_takes_every_example_once() -> None:
    generator = torch.Generator().manual_seed(0)
    first, second = (list(islice(batches(11, 5, "epochs", generator), 2)) for _ in range(2))
    for epoch in (first, second):
        counts = Counter(torch.cat(epoch).tolist())
        assert len(counts) == 10 and set(counts.values()) == {1}
    assert not torch.equal(torch.cat(first), torch.cat(second))


def test_with_replacement_a_batch_may_be_larger_than_the_data_and_is_uniform() -> None:
    draws = next(batches(4, 40_000, "replacement", torch.Generator().manual_seed(0)))
    counts = torch.bincount(draws, minlength=4)
    # Multinomial: each count has mean 10,000 and standard deviation √(40,000 · ¼ · ¾) ≈ 87.
    assert (counts - 10_000).abs().max() < 4 * 87


def test_the_probe_is_drawn_without_repeats_and_by_the_seed() -> None:
    data = Dataset("line", torch.arange(50.0)[:, None], torch.zeros(50, dtype=torch.int64),
                   torch.arange(9.0)[:, None], torch.zeros(9, dtype=torch.int64), ("one",))  # fmt: skip
    rows = draw_probe(data, Probe(split="train", size=30), seed=0)
    assert len(set(rows.tolist())) == 30 and set(rows.tolist()) <= set(range(50))
    assert torch.equal(rows, draw_probe(data, Probe(split="train", size=30), seed=0))
    assert not torch.equal(rows, draw_probe(data, Probe(split="train", size=30), seed=1))
    assert torch.equal(draw_probe(data, Probe(), seed=0).sort().values, torch.arange(9))


def test_langevin_noise_has_its_variance(tmp_path: Path) -> None:
    """With lr = 0 the parameters do a random walk of variance ν a step, and nothing else."""
    from szilard.training.optimizers import LangevinNoise

    model = torch.nn.Linear(200, 200)
    before = model.weight.detach().clone()
    kicks = LangevinNoise(0.04, torch.Generator().manual_seed(0))
    for _ in range(9):
        kicks.add_to(model)
    variance = float((model.weight.detach() - before).square().mean())
    assert abs(variance / (9 * 0.04) - 1) < 4 * (2 / 40_000) ** 0.5


def test_a_run_takes_a_loss_a_clip_and_noise(tmp_path: Path) -> None:
    plain = Training(optimizer=SGD(lr=0.1), steps=20)
    experiment = Experiment(model=factory("nets:mlp", widths=[64, 10]), data="digits", every=20)
    final = {}
    for name, training in {
        "plain": plain,
        "noise": dataclasses.replace(plain, optimizer=SGD(lr=0.1, noise=1e-4)),
        "loss": dataclasses.replace(plain, loss=factory("torch.nn:CrossEntropyLoss", label_smoothing=0.2)),
        "clip": dataclasses.replace(plain, clip_norm=1e-3),
    }.items():
        record = run(dataclasses.replace(experiment, training=training), tmp_path / name, quiet=True)
        final[name] = float(record.estimate("entropy_conditional").value)
    assert len(set(final.values())) == 4
    assert final["clip"] > final["plain"]  # hardly moved from ln 10
