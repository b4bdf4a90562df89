"""Which elements of a loader's data set make the probe: those that the loader gives, whatever draws them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
)

from szilard.integrations import EvaluationSets

ALL = list(range(20))
PART = [17, 3, 12, 5]


class Own(Sampler[int]):
    """A sampler of a user's own, which draws from a part in an order by its generator, and counts its epochs."""

    def __init__(self) -> None:
        self.generator = torch.Generator().manual_seed(0)
        self.epochs = 0

    def __iter__(self) -> Iterator[int]:
        self.epochs += 1
        return iter(PART[i] for i in torch.randperm(4, generator=self.generator).tolist())


class Endless(Sampler[int]):
    """Goes through the part for ever."""

    def __iter__(self) -> Iterator[int]:
        while True:
            yield from PART


def _taken(loader: Any, inputs: int = 512) -> list[int]:
    (elements,) = EvaluationSets({"validation": loader}).take("validation", inputs, torch.device("cpu"))
    return [int(each) for each in elements]


def _data() -> TensorDataset:
    return TensorDataset(torch.arange(20))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, ALL),
        ({"shuffle": True}, ALL),
        ({"sampler": RandomSampler(ALL, replacement=True, num_samples=7)}, ALL),
        ({"sampler": WeightedRandomSampler([1.0] * 20, 7)}, ALL),
        ({"sampler": SubsetRandomSampler(PART)}, PART),
        ({"sampler": PART}, PART),
        ({"sampler": SequentialSampler(range(6))}, ALL[:6]),
        ({"batch_sampler": BatchSampler(SubsetRandomSampler(PART), 3, drop_last=True)}, PART),
        ({"batch_sampler": [PART[:3], PART[3:]]}, PART),
    ],
)
def test_the_probe_is_of_the_elements_that_the_loader_gives(settings: dict[str, Any], expected: list[int]) -> None:
    assert _taken(DataLoader(_data(), **settings)) == expected
    assert _taken(DataLoader(_data(), **settings), 3) == expected[:3]


def test_a_sampler_of_ones_own_is_asked_once_and_left_as_it_was() -> None:
    sampler = Own()
    before = sampler.generator.get_state()
    assert sorted(_taken(DataLoader(_data(), sampler=sampler))) == sorted(PART)
    assert sampler.epochs == 0
    assert torch.equal(sampler.generator.get_state(), before)


def test_a_sampler_without_an_end_comes_to_one() -> None:
    assert _taken(DataLoader(_data(), sampler=Endless())) == PART
