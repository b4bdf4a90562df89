"""What varies between the trainings of an ensemble: tasks, data sets, seeds, and how they are numbered."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from szilard import (
    Bootstrap,
    ClassSubset,
    Crossed,
    Design,
    Disjoint,
    Identical,
    LabelPermutation,
    Supersample,
    Teacher,
    data,
    factory,
)
from szilard.ensemble.design import coordinates
from szilard.ensemble.tasks import NO_LABEL, Given
from szilard.errors import SpecError


def digits_truth(task: object = None) -> object:
    return (task or Given()).draw(0, data.load("digits"), 0)


# Members


def test_members_are_nested_and_numbered() -> None:
    design = Design(tasks=LabelPermutation(2), datasets=Disjoint(3), seeds=2)
    where = coordinates(design.members(0))
    assert where["task"] == [0] * 6 + [1] * 6
    assert where["dataset"] == [0, 0, 1, 1, 2, 2] * 2
    assert where["seed"] == [0, 1] * 6
    assert design.shape == (2, 3, 2) and design.outermost == "task" and design.clusters == 2


def test_every_member_has_streams_of_its_own() -> None:
    members = Design(tasks=LabelPermutation(2), datasets=Disjoint(3), seeds=2).members(0)
    for name in ("initialisation_seed", "order_seed", "forward_seed"):
        assert len({getattr(member, name) for member in members}) == len(members)


def test_a_member_keeps_its_streams_when_the_design_grows() -> None:
    few = Design(datasets=Disjoint(2), seeds=2).members(5)
    many = Design(datasets=Disjoint(6), seeds=4).members(5)
    known = {(m.dataset, m.seed): m for m in many}
    for member in few:
        other = known[member.dataset, member.seed]
        assert (other.initialisation_seed, other.order_seed) == (member.initialisation_seed, member.order_seed)


def test_crossing_shares_initialisations_and_orders_within_a_data_set_only() -> None:
    design = Design(datasets=Disjoint(2), seeds=Crossed(3, 2))
    members = design.members(0)
    assert design.crossed and len(members) == 12
    assert set(Counter(member.initialisation_seed for member in members).values()) == {2}
    assert set(Counter(member.order_seed for member in members).values()) == {3}


@pytest.mark.parametrize(
    "name, changes", [("tasks", {"tasks": 3}), ("datasets", {"datasets": 2}), ("seeds", {"seeds": 0})]
)
def test_a_number_alone_does_not_say_what_varies(name: str, changes: dict[str, int]) -> None:
    with pytest.raises(SpecError, match=rf"Design\.{name} must be"):
        Design(**changes)


# Tasks


def test_label_permutations_rename_the_classes_of_both_splits_alike() -> None:
    digits = data.load("digits")
    truths = [LabelPermutation(3).draw(task, digits, 7) for task in range(3)]
    for truth in truths:
        pairs = set(zip(digits.train_labels.tolist(), truth.train.tolist(), strict=True))
        assert len(pairs) == 10 and len({new for _, new in pairs}) == 10
        assert set(zip(digits.test_labels.tolist(), truth.test.tolist(), strict=True)) <= pairs
    assert not torch.equal(truths[0].train, truths[1].train)


def test_class_subsets_leave_the_other_test_inputs_without_a_label() -> None:
    digits = data.load("digits")
    truth = ClassSubset(2, classes=4).draw(1, digits, 0)
    classes = set(digits.train_labels[truth.eligible].tolist())
    assert len(classes) == 4
    inside = torch.isin(digits.test_labels, torch.tensor(sorted(classes)))
    assert torch.equal(truth.test[inside], digits.test_labels[inside])
    assert bool((truth.test[~inside] == NO_LABEL).all())
    with pytest.raises(SpecError, match="a task of 11 classes is more than the 10"):
        ClassSubset(1, classes=11).draw(0, digits, 0)


def test_a_teachers_labels_have_its_distribution() -> None:
    digits = data.load("digits")
    teacher = Teacher(2, model=factory("nets:mlp", widths=[64, 10]), temperature=0.5)
    truth = teacher.draw(0, digits, 0)
    assert torch.allclose(truth.train.sum(-1), torch.ones(len(truth.train), dtype=torch.float64))
    rows = torch.zeros(4000, dtype=torch.int64)
    drawn = truth.labels("train", rows, torch.Generator().manual_seed(0)).bincount(minlength=10) / 4000
    assert float((drawn - truth.train[0]).abs().max()) < 4 * 0.5 / 4000**0.5
    certain = Teacher(2, model=teacher.model, temperature=0.0).draw(0, digits, 0)
    assert torch.equal(certain.train, truth.train.argmax(-1))
    with pytest.raises(SpecError, match="let its last layer have as many"):
        Teacher(1, model=factory("nets:mlp", widths=[64, 7])).draw(0, digits, 0)


# Data sets


def test_disjoint_data_sets_have_no_example_in_common_and_are_refused_with_the_arithmetic() -> None:
    truth = digits_truth()
    rows = torch.cat([draw.index for draw in Disjoint(6, size=200).draw(0, truth, 10, 3)])
    assert len(rows) == len(set(rows.tolist())) == 1200
    with pytest.raises(SpecError, match=r"8 disjoint data sets of 200 examples need 1,600, and there are 1,437"):
        list(Disjoint(8, size=200).draw(0, truth, 10, 3))
    assert {len(draw.index) for draw in Disjoint(5).draw(0, truth, 10, 3)} == {287}


@pytest.mark.parametrize("noise", [0.0, 0.3, 1.0])
def test_label_noise_redraws_its_share_uniformly(noise: float) -> None:
    truth = digits_truth()
    draw = next(Bootstrap(1, size=20_000, label_noise=noise).draw(0, truth, 10, 3))
    wrong = float((draw.labels != truth.train[draw.index]).double().mean())
    assert abs(wrong - 0.9 * noise) <= 4 * 0.5 / 20_000**0.5 * (noise > 0)


def test_bootstrap_draws_repeat_and_identical_ones_do_not_differ() -> None:
    truth = digits_truth()
    first, second = Bootstrap(2).draw(0, truth, 10, 3)
    assert len(set(first.index.tolist())) < len(first.index) == 1437
    assert not torch.equal(first.index, second.index)
    one, *others = Identical(3, size=50, label_noise=0.5).draw(0, truth, 10, 3)
    assert all(torch.equal(one.index, other.index) and torch.equal(one.labels, other.labels) for other in others)


def test_a_supersample_takes_one_of_every_pair() -> None:
    first, second = Supersample(2, size=300, label_noise=0.2).draw(0, digits_truth(), 10, 3)
    assert torch.equal(first.pairs, second.pairs) and first.pairs.unique().numel() == 600
    for draw in (first, second):
        assert torch.equal(draw.pairs.gather(1, draw.chosen[:, None])[:, 0], draw.index)
        assert abs(float(draw.chosen.double().mean()) - 0.5) < 4 * 0.5 / 300**0.5
    same = first.chosen == second.chosen
    assert torch.equal(first.labels[same], second.labels[same])
    with pytest.raises(SpecError, match="1,000 pairs need 2,000 examples, and there are 1,437"):
        list(Supersample(2, size=1000).draw(0, digits_truth(), 10, 3))
