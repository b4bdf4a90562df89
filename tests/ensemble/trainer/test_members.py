"""A member's run is its own: whatever trains beside it, however it is cut, and whatever becomes of the others."""

from __future__ import annotations

import warnings

import pytest
import torch
from naive import Seeds, cohort, perceptron, trainer
from torch import nn

from szilard.ensemble.trainer import Cohort, Trainer
from szilard.ensemble.trainer.batches import BatchOrder
from szilard.errors import SpecError, SzilardWarning
from szilard.training import SGD, Adam, Training

pytestmark = pytest.mark.slow

STRATEGIES = ["fused", "functional", "loop"]


def dropout() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Dropout(0.4), nn.Linear(8, 4)).double()


def part(data: Cohort, members: list[int]) -> Cohort:
    return Cohort(data.inputs, data.index[members], data.labels[members])


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize(
    "optimizer", [SGD(lr=0.2), SGD(lr=0.2, noise=1e-3), SGD(lr=0.1, momentum=0.9, noise=1e-3), Adam(lr=0.01)]
)
def test_a_run_does_not_depend_on_its_chunk(strategy: str, optimizer: SGD | Adam) -> None:
    training = Training(optimizer=optimizer, batch_size=5, steps=50)
    data, seeds = cohort(members=5), Seeds.of(5)
    whole = trainer(perceptron(), training, data, seeds, strategy=strategy)
    whole.advance(50)
    losses = whole.losses()
    for members in ([4, 1], [3]):
        few = trainer(perceptron(), training, part(data, members), seeds.pick(members), strategy=strategy)
        few.advance(50)
        torch.testing.assert_close(few.logits(data.inputs), whole.logits(data.inputs)[members], rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(few.losses(), losses[members])


def wide() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 700), nn.ReLU(), nn.Linear(700, 4))


@pytest.mark.parametrize("strategy", [*STRATEGIES, "dropout", "deferred"])
@pytest.mark.parametrize("optimizer", [SGD(lr=0.2), SGD(lr=0.1, momentum=0.9, noise=1e-4), Adam(lr=0.01)])
@pytest.mark.parametrize("batch_size", [1, 5])
def test_resumes_to_the_bit_wherever_it_stops(strategy: str, optimizer: SGD | Adam, batch_size: int) -> None:
    training = Training(optimizer=optimizer, batch_size=batch_size, steps=97)
    data = cohort(dtype=torch.float32)

    def new() -> Trainer:
        if strategy == "dropout":
            return trainer(lambda: dropout().float(), training, data, strategy="loop")
        if strategy == "deferred":
            return trainer(wide, training, data)
        return trainer(perceptron(torch.float32), training, data, strategy=strategy)

    whole, cut = new(), new()
    whole.advance(97)
    for steps in (1, 0, 30, 7, 9):
        cut.advance(steps)
        cut.logits(data.inputs)
    state = cut.state()
    cut.advance(3)
    resumed = new()
    resumed.load(state)
    assert resumed.step == 47
    resumed.advance(50)
    assert (resumed.logits(data.inputs) == whole.logits(data.inputs)).all()
    assert (resumed.losses() == whole.losses()).all()
    after, expected = resumed.state(), whole.state()
    assert list(after) == list(expected)
    assert all((after[name] == expected[name]).all() for name in after)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_member_that_diverges_touches_no_other(strategy: str) -> None:
    data = cohort(dtype=torch.float32)
    training = Training(optimizer=SGD(lr=0.2), batch_size=5, steps=60, clip_norm=None)
    inputs = data.inputs.clone()
    spoilt = data.index[1, 0].item()
    index = data.index.clone()
    index[index == spoilt] = (spoilt + 1) % len(inputs)
    index[1, 0] = spoilt
    inputs[spoilt] = torch.inf
    healthy = trainer(perceptron(torch.float32), training, Cohort(data.inputs, index, data.labels), strategy=strategy)
    broken = trainer(perceptron(torch.float32), training, Cohort(inputs, index, data.labels), strategy=strategy)
    for each in (healthy, broken):
        each.advance(60)
    good, bad = healthy.logits(data.inputs), broken.logits(data.inputs)
    assert not bad[1].isfinite().any()
    assert (good[[0, 2]] == bad[[0, 2]]).all()
    losses = broken.losses()
    assert losses[[0, 2]].isfinite().all() and not losses[1].isfinite()


def test_equal_seeds_start_equal_and_the_programs_randomness_is_left_alone() -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    seeds = Seeds((1, 1, 2), (5, 6, 5), (0, 0, 0))
    taken = trainer(perceptron(), Training(batch_size=5), cohort(), seeds)
    taken.advance(3)
    assert (torch.get_rng_state() == before).all()
    start = trainer(perceptron(), Training(batch_size=5), cohort(), seeds).parameters()["1.weight"]
    assert (start[0] == start[1]).all() and not (start[0] == start[2]).any()


def test_epochs_are_permutations() -> None:
    order = BatchOrder(size=23, batch_size=5, shuffle="epochs", seeds=[0, 1])
    block = order.block(2)
    assert block.shape == (2, order.steps, 5) and order.steps % 4 == 0
    epochs = block.view(2, -1, 20)
    assert all(len(epoch.unique()) == 20 for member in epochs for epoch in member)
    assert len(epochs.flatten(0, 1).unique(dim=0)) == 2 * epochs.shape[1]
    counts = torch.bincount(epochs.flatten(), minlength=23)
    assert counts.min() > 0.8 * counts.float().mean()
    large = BatchOrder(size=6000, batch_size=10, shuffle="epochs", seeds=[0]).block(0)
    assert (large.flatten().sort().values == torch.arange(6000)).all()


def test_replacement_draws_each_example_as_often() -> None:
    order = BatchOrder(size=10, batch_size=3, shuffle="replacement", seeds=[4])
    drawn = torch.cat([order.block(number).flatten() for number in range(20)])
    counts = torch.bincount(drawn, minlength=10).double()
    expected = len(drawn) / 10
    assert ((counts - expected).square().sum() / expected).item() < 27.9  # chi-squared, 9 degrees, 0.1 %
    assert not (order.block(0) == order.block(1)).all()


def test_langevin_noise_has_its_variance() -> None:
    def build() -> nn.Module:
        return nn.Linear(6, 4).double()

    training = Training(optimizer=SGD(lr=0.0, noise=0.04), batch_size=5, steps=400)
    taken = trainer(build, training, cohort(members=40))
    start = taken.parameters()["weight"].clone()
    taken.advance(25)
    walked = taken.parameters()["weight"] - start
    assert abs(walked.var().item() - 1.0) < 4 * (2 / walked.numel()) ** 0.5
    assert abs(walked.mean().item()) < 4 / walked.numel() ** 0.5


def test_dropout_falls_back_with_a_reason() -> None:
    training = Training(optimizer=SGD(lr=0.2), batch_size=5, steps=30)
    with pytest.warns(SzilardWarning, match=r"one by one.*random"):
        taken = trainer(dropout, training, cohort())
    assert taken.strategy == "loop" and "random" in taken.why
    taken.advance(30)
    logits = taken.logits(cohort().inputs)
    assert (logits == taken.logits(cohort().inputs)).all()
    seeds = Seeds.of(3).pick([2])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SzilardWarning)
        alone = trainer(dropout, training, part(cohort(), [2]), seeds)
    alone.advance(30)
    torch.testing.assert_close(alone.logits(cohort().inputs)[0], logits[2], rtol=1e-9, atol=1e-9)


def test_losses_are_means_since_last_asked() -> None:
    training = Training(optimizer=SGD(lr=0.2), batch_size=5, steps=30)
    once, twice = (trainer(perceptron(), training, cohort()) for _ in range(2))
    once.advance(30)
    twice.advance(10)
    first = twice.losses()
    assert twice.losses().isnan().all()
    twice.advance(20)
    torch.testing.assert_close(once.losses(), (10 * first + 20 * twice.losses()) / 30)
    assert first.dtype == torch.float64


def test_a_checkpoint_of_another_training_is_refused() -> None:
    training = Training(optimizer=SGD(lr=0.2), batch_size=5, steps=30)
    taken = trainer(perceptron(), training, cohort())
    other = trainer(perceptron(), training, cohort(members=2)).state()
    with pytest.raises(SpecError, match=r"belongs to another training \(.*\(2, "):
        taken.load(other)
    with pytest.raises(SpecError, match="is missing"):
        taken.load({})
    adam = trainer(perceptron(), Training(optimizer=Adam(), batch_size=5), cohort())
    adam.advance(1)
    with pytest.raises(SpecError, match="optimizer"):
        taken.load({**taken.state(), **adam.state()})
    with pytest.raises(SpecError, match="optimizer"):
        adam.load({**adam.state(), "optimizer.1.weight.exp_avg": torch.zeros(2)})
