"""Every strategy against a plain loop, in float64: each optimiser × schedule × clipping × sampling."""

from __future__ import annotations

import functools
import itertools
import os

import pytest
import torch
from naive import MEMBERS, assert_same_run, cohort, naive, perceptron, trainer
from torch import Tensor, nn

from szilard.training import SGD, Adam, AdamW, Cosine, Decay, Training, factory

OPTIMIZERS = {
    "sgd": SGD(lr=0.2),
    "decay": SGD(lr=0.2, weight_decay=0.05),
    "momentum": SGD(lr=0.1, momentum=0.8),
    "nesterov": SGD(lr=0.1, momentum=0.8, nesterov=True, weight_decay=0.01),
    "adam": Adam(lr=0.02, weight_decay=0.01),
    "adamw": AdamW(lr=0.02, betas=(0.8, 0.95), weight_decay=0.1),
}
SCHEDULES = {"constant": None, "cosine": Cosine(final=0.1, warmup=3), "decay": Decay(at=(4, 9), factor=0.3)}
WAYS = list(itertools.product(SCHEDULES, (None, 0.3), ("epochs", "replacement")))
if os.environ.get("SZILARD_QUICK") == "1":
    WAYS = WAYS[::5]  # each schedule, with and without clipping, either way of drawing
STEPS = 21


@functools.cache
def plain(training: Training) -> list[tuple[nn.Module, float]]:
    """Every member of the cohort in the plain loop, which is run once for all strategies."""
    return [naive(perceptron(), training, cohort(), member, STEPS) for member in range(MEMBERS)]


@pytest.mark.parametrize("strategy", ["fused", "functional", "loop"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_agrees_with_a_plain_loop(strategy: str, optimizer: str) -> None:
    for schedule, clip, shuffle in WAYS:
        training = Training(
            optimizer=OPTIMIZERS[optimizer],
            batch_size=5,
            steps=STEPS,
            shuffle=shuffle,
            schedule=SCHEDULES[schedule],
            clip_norm=clip,
        )
        data = cohort()
        taken = trainer(perceptron(), training, data, strategy=strategy)
        taken.advance(STEPS)
        assert taken.strategy == strategy and taken.step == STEPS
        assert_same_run(taken, perceptron(), training, data, STEPS, plain=plain(training))


@pytest.mark.parametrize("strategy", ["fused", "functional"])
@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh, nn.GELU, nn.SiLU, nn.Identity])
@pytest.mark.parametrize("batch_size", [1, 7])
def test_activations(strategy: str, activation: type[nn.Module], batch_size: int) -> None:
    build, data = perceptron(activation=activation), cohort()
    training = Training(optimizer=SGD(lr=0.1), batch_size=batch_size, steps=40)
    taken = trainer(build, training, data, strategy=strategy)
    taken.advance(40)
    assert_same_run(taken, build, training, data, 40)


def test_linear_models_and_layers_without_bias() -> None:
    def linear() -> nn.Module:
        return nn.Linear(6, 4, bias=False, dtype=torch.float64)

    def nested() -> nn.Module:
        inner = nn.Sequential(nn.Linear(6, 5, bias=False), nn.GELU(approximate="tanh"), nn.Identity())
        return nn.Sequential(nn.Flatten(), inner, nn.Linear(5, 5), nn.Linear(5, 4)).double()

    training = Training(optimizer=SGD(lr=0.1), batch_size=5, steps=30)
    for build in (linear, nested):
        taken = trainer(build, training, cohort())
        taken.advance(30)
        assert taken.strategy == "fused"
        assert_same_run(taken, build, training, cohort(), 30)


def convnet() -> nn.Module:
    layers = [nn.Conv2d(1, 3, 3), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(12, 4)]
    return nn.Sequential(*layers).double()


class Residual(nn.Module):
    """What is no sequence of layers."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(6, 6), nn.Linear(6, 4)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.last(inputs + torch.tanh(self.first(inputs)))


@pytest.mark.parametrize("strategy", ["functional", "loop"])
def test_convolutions(strategy: str) -> None:
    data, training = cohort(shape=(1, 6, 6)), Training(optimizer=SGD(lr=0.1, momentum=0.5), batch_size=4, steps=20)
    taken = trainer(convnet, training, data, strategy=strategy)
    taken.advance(20)
    assert_same_run(taken, convnet, training, data, 20)


def test_modules_of_ones_own_take_the_functional_strategy() -> None:
    def build() -> nn.Module:
        return Residual().double()

    training = Training(optimizer=Adam(lr=0.01), batch_size=4, steps=20)
    taken = trainer(build, training, cohort())
    taken.advance(20)
    assert taken.strategy == "functional" and "Residual" in taken.why
    assert_same_run(taken, build, training, cohort(), 20)


def batch_norm() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 4)).double()


@pytest.mark.parametrize("strategy", ["functional", "loop"])
def test_batch_norm_keeps_statistics_for_each_member(strategy: str) -> None:
    training = Training(optimizer=SGD(lr=0.1), batch_size=6, steps=20)
    taken = trainer(batch_norm, training, cohort(), strategy=strategy)
    taken.advance(20)
    assert_same_run(taken, batch_norm, training, cohort(), 20)
    state = taken.state()
    assert state["buffers.1.num_batches_tracked"].tolist() == [20, 20, 20]
    assert len(state["buffers.1.running_mean"].unique(dim=0)) == 3


def brier(logits: Tensor, labels: Tensor) -> Tensor:
    return (torch.softmax(logits, -1) - torch.eye(logits.shape[-1], dtype=logits.dtype)[labels]).square().sum(-1).mean()


@pytest.mark.parametrize("strategy", ["auto", "functional", "loop"])
def test_a_loss_of_ones_own(strategy: str) -> None:
    training = Training(optimizer=SGD(lr=0.5), batch_size=6, steps=20)
    taken = trainer(perceptron(), training, cohort(), loss=brier, strategy=strategy)
    taken.advance(20)
    assert taken.strategy == ("functional" if strategy == "auto" else strategy)
    assert_same_run(taken, perceptron(), training, cohort(), 20, brier)


def test_a_loss_in_the_spec() -> None:
    smoothed = factory("torch.nn:CrossEntropyLoss", label_smoothing=0.1)
    training = Training(optimizer=SGD(lr=0.5), batch_size=6, steps=20, loss=smoothed)
    taken = trainer(perceptron(), training, cohort())
    taken.advance(20)
    assert taken.strategy == "functional" and "loss" in taken.why
    assert_same_run(taken, perceptron(), training, cohort(), 20, nn.CrossEntropyLoss(label_smoothing=0.1))


def test_frozen_parameters_stay() -> None:
    def build() -> nn.Module:
        model = perceptron()()
        model[1].weight.requires_grad_(False)
        return model

    training = Training(optimizer=SGD(lr=0.5), batch_size=6, steps=20)
    for strategy in ("auto", "loop"):
        taken = trainer(build, training, cohort(), strategy=strategy)
        taken.advance(20)
        assert taken.strategy == ("functional" if strategy == "auto" else strategy)
        assert "1.weight" not in taken.parameters()
        logits = taken.logits(cohort().inputs)
        for member in range(3):
            model, _ = naive(build, training, cohort(), member, 20)
            torch.testing.assert_close(logits[member], model(cohort().inputs).detach(), rtol=1e-9, atol=1e-9)
