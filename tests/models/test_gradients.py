"""Gradients beside the training: of a batch, of all examples, of single ones; against autograd step by step."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from szilard.models.evaluation import apart
from szilard.models.gradients import BatchGradient, dense, full_gradient
from szilard.models.per_example import per_example_moments
from szilard.models.state.random_state import RandomState, RandomStream

CPU = torch.device("cpu")
X = torch.randn(23, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
Y = torch.randint(3, (23,), generator=torch.Generator().manual_seed(1))


def network(*extra: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 5), nn.Tanh(), *extra, nn.Linear(5, 3)).double()


def of(model: nn.Module) -> BatchGradient:
    return BatchGradient(model, F.cross_entropy, dict(model.named_parameters()))


def plainly(model: nn.Module, x: Tensor, y: Tensor) -> list[Tensor]:
    return list(torch.autograd.grad(F.cross_entropy(model(x), y), list(model.parameters())))


def test_a_batchs_gradient_is_autograds_and_leaves_no_trace():
    model = network()
    loss, found = of(model)(X, Y)
    assert loss.item() == pytest.approx(F.cross_entropy(model(X), Y).item(), rel=1e-12)
    for ours, theirs in zip(found, plainly(model, X, Y), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-15)
    assert all(p.grad is None and p.requires_grad for p in model.parameters())
    assert isinstance(model[0].weight, nn.Parameter)


def test_some_parameters_may_be_left_out():
    model = network()
    _, found = BatchGradient(model, F.cross_entropy, {"2.bias": model[2].bias})(X, Y)
    assert len(found) == 1
    torch.testing.assert_close(found[0], plainly(model, X, Y)[-1])


def test_checkpointed_parts_are_evaluated_at_the_same_parameters():
    class Checkpointed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = network()

        def forward(self, x: Tensor) -> Tensor:
            return torch.utils.checkpoint.checkpoint(self.net, x, use_reentrant=False)

    model = Checkpointed()
    for ours, theirs in zip(of(model)(X, Y)[1], plainly(model.net, X, Y), strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("size", [1, 5, 23, 100])
def test_the_force_of_all_examples_does_not_depend_on_the_chunks(size):
    model = network()
    chunks = [(X[i : i + size], Y[i : i + size], len(X[i : i + size])) for i in range(0, 23, size)]
    loss, found = full_gradient(of(model), chunks)
    assert loss.item() == pytest.approx(F.cross_entropy(model(X), Y).item(), rel=1e-12)
    for ours, theirs in zip(found, plainly(model, X, Y), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-14)


def test_there_is_no_force_without_examples():
    with pytest.raises(ValueError, match="there are no examples"):
        full_gradient(of(network()), [])


@pytest.mark.parametrize("chunk", [None, 1, 4, 23])
def test_single_examples(chunk):
    model = network()
    squares, along, mean = per_example_moments(of(model), X, Y, chunk=chunk)
    each = [plainly(model, X[[row]], Y[[row]]) for row in range(23)]
    for place, whole in enumerate(plainly(model, X, Y)):
        torch.testing.assert_close(mean[place], whole, rtol=1e-10, atol=1e-14)
        gradients = torch.stack([of_one[place] for of_one in each]).flatten(1)
        torch.testing.assert_close(squares[:, place], gradients.square().sum(1), rtol=1e-10, atol=1e-14)
        torch.testing.assert_close(along[:, place], gradients @ whole.flatten(), rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("chunk", [None, 4])
def test_the_second_pass_over_examples_has_the_dropout_of_the_first(chunk):
    """Otherwise the mean of g_x·ḡ would not be ‖ḡ‖²."""
    model = network(nn.Dropout(0.5))
    _, along, mean = per_example_moments(of(model), X, Y, chunk=chunk)
    for place, vector in enumerate(mean):
        assert along[:, place].mean().item() == pytest.approx(vector.square().sum().item(), rel=1e-10)


def test_gradients_that_are_missing_or_sparse_become_full():
    parameter = torch.ones(3, 2)
    assert dense(None, parameter).equal(torch.zeros(3, 2))
    assert dense(torch.eye(2).to_sparse(), torch.ones(2, 2)).equal(torch.eye(2))


def test_a_stream_goes_on_where_it_was_left_and_the_loops_own_numbers_stay():
    model = network(nn.BatchNorm1d(5))
    torch.manual_seed(4), np.random.seed(5), random.seed(6)  # noqa: NPY002
    wanted = (torch.rand(3), np.random.rand(), random.random())  # noqa: NPY002
    torch.manual_seed(4), np.random.seed(5), random.seed(6)  # noqa: NPY002
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    objects = {name: id(buffer) for name, buffer in model.named_buffers()}
    stream = RandomStream(RandomState.seeded(CPU, 7))
    drawn = []
    for _ in range(2):
        with apart(model, CPU, stream):
            model(X)
            assert torch.is_grad_enabled()
            drawn += [torch.rand(1).item(), float(np.random.rand()), random.random()]  # noqa: NPY002
    assert len(set(drawn)) == 6
    assert torch.rand(3).equal(wanted[0])
    assert (np.random.rand(), random.random()) == wanted[1:]  # noqa: NPY002
    for name, buffer in model.named_buffers():
        assert buffer.equal(before[name])
        assert id(buffer) == objects[name]
    again = RandomStream(RandomState.seeded(CPU, 7))
    with apart(model, CPU, again):
        model(X)
        assert torch.rand(1).item() == drawn[0]


def test_a_normal_number_that_waits_is_put_back_with_numpys_state():
    """A seed that is set again leads to the same key and position, once with such a number and once without."""
    for draw in (lambda: np.random.rand(2), lambda: np.random.randn(), lambda: np.random.rand(2)):  # noqa: NPY002
        np.random.seed(0)  # noqa: NPY002
        draw()
        held = np.random.get_state()  # noqa: NPY002
        before = RandomState.now(CPU)
        RandomState.seeded(CPU, 5).put_back(CPU)
        np.random.randn()  # noqa: NPY002
        before.put_back(CPU)
        back = np.random.get_state()  # noqa: NPY002
        assert all(np.array_equal(ours, theirs) for ours, theirs in zip(back, held, strict=True))
