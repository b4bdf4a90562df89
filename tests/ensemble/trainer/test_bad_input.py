"""What cannot be trained is refused with the remedy."""

from __future__ import annotations

import pytest
import torch
from naive import Seeds, cohort, perceptron, trainer
from torch import Tensor, nn

from szilard.ensemble.trainer import Cohort, make_trainer
from szilard.errors import ModelError, SpecError, SzilardWarning
from szilard.training import Training

TRAINING = Training(batch_size=5, steps=10)


def test_cohorts_that_do_not_fit() -> None:
    inputs = torch.zeros(10, 6)
    index = torch.zeros(2, 4, dtype=torch.int64)
    with pytest.raises(SpecError, match="members, size"):
        Cohort(inputs, index[0], index[0])
    with pytest.raises(SpecError, match="labels"):
        Cohort(inputs, index, index[:, :3])
    with pytest.raises(SpecError, match="rows of its pool, from 0 to 9, not 0 to 10"):
        Cohort(inputs, index.index_fill(1, torch.tensor([1]), 10), index)


def test_seeds_strategies_and_batches_that_do_not_fit() -> None:
    with pytest.raises(SpecError, match="2 order_seeds for 3 members"):
        trainer(perceptron(), TRAINING, cohort(), Seeds((0, 1, 2), (0, 1), (0, 1, 2)))
    with pytest.raises(SpecError, match="did you mean 'fused'"):
        trainer(perceptron(), TRAINING, cohort(), strategy="fusd")
    with pytest.raises(SpecError, match="fused strategy cannot take this model"):
        trainer(lambda: nn.Sequential(nn.Linear(6, 4), nn.Softplus()).double(), TRAINING, cohort(), strategy="fused")
    with pytest.raises(SpecError, match="replacement"):
        trainer(perceptron(), Training(batch_size=25), cohort())
    with pytest.raises(SpecError, match="forward"):
        trainer(perceptron(), TRAINING, cohort()).advance(-1)


def test_models_that_cannot_be_trained() -> None:
    with pytest.raises(ModelError, match=r"must return an nn\.Module"):
        trainer(lambda: 3, TRAINING, cohort())  # type: ignore[arg-type, return-value]
    with pytest.raises(ModelError, match="no parameter"):
        trainer(nn.Identity, TRAINING, cohort())
    same = perceptron()()
    with pytest.raises(ModelError, match="one and the same"):
        trainer(lambda: same, TRAINING, cohort())
    widths = iter([4, 5, 6])
    with pytest.raises(ModelError, match="alike"):
        trainer(lambda: nn.Linear(6, next(widths)), TRAINING, cohort())
    with pytest.raises(ModelError, match="no shape yet"):
        trainer(lambda: nn.LazyLinear(4), TRAINING, cohort())
    with pytest.raises(ModelError, match="fail on one batch of inputs"):
        trainer(lambda: nn.Sequential(nn.Linear(5, 4), nn.Softplus()).double(), TRAINING, cohort())
    with pytest.raises(ModelError, match="fail on one batch of inputs"):
        trainer(lambda: nn.Linear(5, 4).double(), TRAINING, cohort())


class Branching(nn.Module):
    """Goes where its data send it."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 4)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.layer(inputs) if inputs.sum() > 0 else -self.layer(inputs)


def test_branches_on_data_are_trained_one_by_one() -> None:
    from naive import assert_same_run

    def build() -> nn.Module:
        return Branching().double()

    with pytest.warns(SzilardWarning, match="one by one"):
        taken = trainer(build, TRAINING, cohort())
    taken.advance(10)
    assert_same_run(taken, build, TRAINING, cohort(), 10)


@torch.no_grad()
def test_a_caller_without_gradients_and_a_cohort_of_one() -> None:
    data = cohort(members=1)
    alone = make_trainer(perceptron(), TRAINING, data, initialisation_seeds=[0], order_seeds=[0], forward_seeds=[0])
    assert alone.members == 1 and alone.logits(data.inputs).shape == (1, 40, 4)


class Heads(nn.Module):
    """Two heads of four outcomes."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 8)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.layer(inputs).unflatten(-1, (2, 4))


def relabelled(example: tuple[int, int], label: int) -> Cohort:
    data = cohort()
    labels = data.labels.clone()
    labels[example] = label
    return Cohort(data.inputs, data.index, labels)


@pytest.mark.parametrize("strategy", ["auto", "fused", "functional", "loop"])
def test_labels_that_are_no_outcomes_are_refused_whoever_holds_them(strategy: str) -> None:
    for example in ((0, 0), (2, 23)):
        with pytest.raises(SpecError, match="largest label is 7, but the model has 4 outcomes"):
            trainer(perceptron(), TRAINING, relabelled(example, 7), strategy=strategy)
    with pytest.raises(SpecError, match="smallest label is -1: labels must go from 0 to 3"):
        trainer(perceptron(), TRAINING, relabelled((1, 3), -1), strategy=strategy)


def test_a_loss_of_ones_own_says_what_its_labels_mean() -> None:
    def ignoring(logits: Tensor, labels: Tensor) -> Tensor:
        return nn.functional.cross_entropy(logits, labels, ignore_index=7)

    trainer(perceptron(), TRAINING, relabelled((2, 23), 7), loss=ignoring).advance(10)


@pytest.mark.parametrize("strategy", ["auto", "functional", "loop"])
def test_several_heads_need_a_loss(strategy: str) -> None:
    data = cohort()
    pairs = Cohort(data.inputs, data.index, torch.stack([data.labels, data.labels], -1))
    for each in (data, pairs):
        with pytest.raises(ModelError, match=r"several heads needs a loss of its own, so set Training\(loss=…\)"):
            trainer(lambda: Heads().double(), TRAINING, each, strategy=strategy)

    def summed(logits: Tensor, labels: Tensor) -> Tensor:
        return nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())

    taken = trainer(lambda: Heads().double(), TRAINING, pairs, loss=summed, strategy=strategy)
    taken.advance(3)
    assert taken.logits(data.inputs).shape == (3, 40, 2, 4)
