"""A first layer whose updates wait is the first layer of a plain loop, wherever one looks."""

from __future__ import annotations

import pytest
import torch
from naive import assert_same_run, cohort, trainer
from torch import nn

from szilard.ensemble.trainer.deferred import horizon
from szilard.training import SGD, Cosine, Training


def wide(bias: bool = True, hidden: int = 700) -> nn.Module:
    return nn.Sequential(nn.Linear(6, hidden, bias=bias), nn.Tanh(), nn.Linear(hidden, 4)).double()


@pytest.mark.parametrize("batch_size", [1, 3, 10])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("decay", [0.0, 0.05])
def test_agrees_with_a_plain_loop_in_the_middle_of_a_block_too(batch_size: int, bias: bool, decay: float) -> None:
    training = Training(
        optimizer=SGD(lr=0.05, weight_decay=decay), batch_size=batch_size, steps=80, schedule=Cosine(warmup=5)
    )
    taken = trainer(lambda: wide(bias), training, cohort())
    assert "deferred.updates" in taken.state()
    done = 0
    for steps in (1, 6, 33, 40):
        taken.advance(steps)
        done += steps
        assert_same_run(taken, lambda: wide(bias), training, cohort(), done, losses=False)


def test_a_linear_model_has_a_first_layer_too() -> None:
    def build() -> nn.Module:
        return nn.Linear(200, 40).double()

    data, training = cohort(shape=(200,), classes=40), Training(optimizer=SGD(lr=0.01), batch_size=1, steps=50)
    taken = trainer(build, training, data)
    assert "deferred.updates" in taken.state()
    taken.advance(50)
    assert_same_run(taken, build, training, data, 50)


def test_it_is_left_where_it_does_not_pay() -> None:
    assert horizon(torch.zeros(2, 200, 784), 1) == 32
    assert horizon(torch.zeros(2, 200, 784), 10) == 4
    assert horizon(torch.zeros(2, 200, 784), 100) == 1
    assert horizon(torch.zeros(2, 10, 784), 1) == 1
    assert horizon(torch.zeros(2, 50, 8), 1) == 1


@pytest.mark.parametrize("bias", [True, False])
def test_single_parameters_and_the_next_batch_are_had_within_a_block(bias: bool) -> None:
    data, training = cohort(), Training(optimizer=SGD(lr=0.05), batch_size=3, steps=80)
    taken = trainer(lambda: wide(bias), training, data)
    for steps in (0, 1, 6, 33):
        taken.advance(steps)
        for name, value in taken.parameters().items():
            assert torch.equal(taken.parameter(name), value)
        # What it says that it will train on is what it does train on.
        inputs, labels = taken.upcoming()
        before = {name: value.clone() for name, value in taken.parameters().items()}
        value = torch.bmm(inputs.flatten(2), before["0.weight"].transpose(1, 2))
        hidden = torch.tanh(value + before["0.bias"].unsqueeze(1) if bias else value)
        logits = torch.bmm(hidden, before["2.weight"].transpose(1, 2)) + before["2.bias"].unsqueeze(1)
        delta = torch.softmax(logits, -1) - nn.functional.one_hot(labels, logits.shape[-1])
        taken.advance(1)
        expected = before["2.bias"] - 0.05 * delta.mean(1)
        torch.testing.assert_close(taken.parameter("2.bias"), expected)
