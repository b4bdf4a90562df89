"""The loss as a function of a flat vector, held against the network itself and against finite differences."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from szilard.errors import ModelError
from szilard.models.landscape import Batch, Landscape
from szilard.training.nets import mlp


def some_batch(count: int = 6) -> Batch:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(count, 5, generator=generator), torch.randint(3, (count,), generator=generator)


def network(activation: str = "tanh", **settings: object) -> nn.Module:
    torch.manual_seed(0)
    return mlp([5, 4, 3], activation=activation, **settings)  # type: ignore[arg-type]


def test_gradient_is_that_of_the_network() -> None:
    module = network()
    landscape = Landscape(module, F.cross_entropy)
    inputs, labels = some_batch()
    module.double()
    F.cross_entropy(module(inputs.double()), labels).backward()
    expected = torch.cat([each.grad.flatten() for each in module.parameters() if each.grad is not None])
    assert torch.allclose(landscape.gradient(landscape.start, (inputs, labels)), expected, rtol=0, atol=1e-15)


def test_the_network_itself_is_left_alone() -> None:
    module = network()
    before = [each.clone() for each in module.parameters()]
    landscape = Landscape(module, F.cross_entropy)
    landscape.gradient(landscape.start + 1.0, some_batch())
    assert all(torch.equal(one, other) for one, other in zip(before, module.parameters(), strict=True))
    assert all(each.dtype is torch.float32 and each.grad is None for each in module.parameters())


def test_mean_of_the_examples_losses_is_the_loss() -> None:
    landscape = Landscape(network(), F.cross_entropy)
    batch = some_batch()
    losses = landscape.losses(landscape.start, batch)
    assert losses.shape == (6,)
    assert losses.mean().item() == pytest.approx(landscape.loss(landscape.start, batch).item(), rel=1e-14)


def test_curvature_is_the_hessian_along_the_direction() -> None:
    landscape = Landscape(network(), F.cross_entropy)
    batch, theta = some_batch(), landscape.start
    hessian = torch.autograd.functional.hessian(lambda point: landscape.loss(point, batch), theta)
    direction = torch.randn(len(theta), dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    assert torch.allclose(landscape.curvature(theta, batch, direction), hessian @ direction, rtol=0, atol=1e-14)


def test_a_linear_loss_has_no_curvature() -> None:
    landscape = Landscape(nn.Linear(5, 1), lambda output, labels: output.mean())
    assert torch.equal(landscape.curvature(landscape.start, some_batch(), landscape.start), torch.zeros(6).double())


def test_frozen_parameters_have_no_place() -> None:
    module = network()
    next(module.parameters()).requires_grad_(False)
    landscape = Landscape(module, F.cross_entropy)
    assert len(landscape.start) == 4 + 15
    assert list(landscape.slices) == ["1.bias", "3.weight", "3.bias"]


def test_groups_are_layers_and_cover_everything_once() -> None:
    landscape = Landscape(network(), F.cross_entropy)
    places = [place for slices in landscape.groups().values() for place in slices]
    covered = torch.cat([torch.arange(len(landscape.start))[place] for place in places])
    assert list(landscape.groups()) == ["1", "3"]
    assert covered.tolist() == list(range(len(landscape.start)))


@pytest.mark.parametrize(
    ("module", "loss", "said"),
    [
        (network(dropout=0.5), F.cross_entropy, "differs from call to call"),
        (network(batch_norm=True), F.cross_entropy, "buffer '2.running_mean'"),
        (network(), lambda output, labels: F.cross_entropy(output, labels, reduction="none"), "one finite number"),
        (network(), lambda output, labels: output.mean() * float("nan"), "one finite number"),
        (nn.Linear(7, 3), F.cross_entropy, "could not be computed"),
    ],
)
def test_what_cannot_be_repeated_is_refused(module: nn.Module, loss: object, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        Landscape(module, loss).check(some_batch())  # type: ignore[arg-type]


def test_a_network_that_is_not_trained_is_refused() -> None:
    with pytest.raises(ModelError, match="no parameters that are trained"):
        Landscape(network().requires_grad_(False), F.cross_entropy)


def test_a_sound_network_passes() -> None:
    Landscape(network(), F.cross_entropy).check(some_batch())


def test_gradients_at_several_points_are_those_at_each() -> None:
    landscape = Landscape(network(), F.cross_entropy)
    points = torch.stack([landscape.start, landscape.start + 0.3, 2 * landscape.start]).view(3, 1, -1)
    together = landscape.gradient(points, some_batch())
    for one, point in zip(together, points, strict=True):
        assert torch.allclose(one[0], landscape.gradient(point[0], some_batch()), rtol=0, atol=1e-15)


def test_the_mean_of_the_examples_gradients_is_the_gradient() -> None:
    landscape = Landscape(network(), F.cross_entropy)
    each = landscape.gradients(landscape.start, some_batch())
    assert each.shape == (6, len(landscape.start))
    assert torch.allclose(each.mean(0), landscape.gradient(landscape.start, some_batch()), rtol=0, atol=1e-15)
