"""Evaluation takes inputs slice by slice, which changes how much room it takes and nothing else."""

from __future__ import annotations

import pytest
import torch
from naive import cohort, trainer
from torch import Tensor, nn

from szilard.ensemble.trainer import Trainer
from szilard.ensemble.trainer.chunking import EvaluationSlices
from szilard.training import SGD, Training

ROOM = 1 << 17


def convnet() -> nn.Module:
    layers = [nn.Conv2d(1, 16, 3), nn.BatchNorm2d(16), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(64, 4)]
    return nn.Sequential(*layers)


def perceptron() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(36, 300), nn.ReLU(), nn.Linear(300, 4))


def trained(build: object, strategy: str, members: int = 3) -> Trainer:
    data = cohort(members=members, shape=(1, 6, 6), dtype=torch.float32)
    taken = trainer(build, Training(optimizer=SGD(lr=0.1), batch_size=4, steps=6), data, strategy=strategy)  # type: ignore[arg-type]
    taken.advance(6)
    return taken


@pytest.mark.parametrize(("build", "strategy"), [(convnet, "functional"), (convnet, "loop"), (perceptron, "fused")])
def test_a_strategy_sees_no_more_than_a_slice(build: object, strategy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = trained(build, strategy)
    inputs = torch.randn(101, 1, 6, 6, generator=torch.Generator().manual_seed(1))
    whole = taken._strategy.logits(inputs)
    assert (taken.logits(inputs) == whole).all()
    before = taken.state()
    taken._slices = EvaluationSlices(taken._strategy.stack, room=ROOM)
    length = taken._slices.length(inputs)
    assert 1 < length < 51
    seen: list[int] = []
    logits = taken._strategy.logits

    def noted(each: Tensor) -> Tensor:
        seen.append(len(each))
        return logits(each)

    monkeypatch.setattr(taken._strategy, "logits", noted)
    sliced = taken.logits(inputs)
    assert sum(seen) == 101 and len(seen) > 2 and max(seen) <= length and min(seen) >= max(seen) - 1
    torch.testing.assert_close(sliced, whole, rtol=1e-5, atol=1e-6)
    assert (taken.logits(inputs) == sliced).all()
    after = taken.state()
    assert all((after[name] == before[name]).all() for name in before)


def test_lengths_go_with_members_activations_and_parameters() -> None:
    inputs = torch.zeros(10, 1, 6, 6)
    few, many = (
        EvaluationSlices(trained(convnet, "functional", members)._strategy.stack, room=1 << 20) for members in (2, 6)
    )
    assert abs(few.length(inputs) / many.length(inputs) - 3) < 0.1
    each = 4 * (36 + 3 * 16 * 16 + 64 + 64 + 4 + 4)  # the whole model gives its last layer's outputs once more
    assert few.length(inputs) == (1 << 20) // (2 * each)
    wide = trained(perceptron, "functional")._strategy.stack
    assert EvaluationSlices(wide, room=0).length(inputs) == (4 * (36 * 300 + 300 * 4 + 304)) // (
        4 * (36 + 36 + 600 + 4 + 4)
    )
    assert EvaluationSlices(trained(convnet, "functional")._strategy.stack, room=0).length(inputs) == 1


def test_one_input_and_none() -> None:
    taken = trained(convnet, "functional")
    assert taken.logits(torch.zeros(1, 1, 6, 6)).shape == (3, 1, 4)
    assert taken.logits(torch.zeros(0, 1, 6, 6)).shape == (3, 0, 4)
