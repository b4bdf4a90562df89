"""The tangent kernel: a naive transcription, its blocks and groups, linear models, and the lazy limit of width."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from szilard.models.landscape import Landscape
from szilard.models.linearisation import tangent_kernel
from szilard.reservoir.laziness import kernel_change
from szilard.reservoir.replicates import exponent
from szilard.training.nets import mlp, wide_mlp


def naive(landscape: Landscape, theta: Tensor, inputs: Tensor) -> Tensor:
    """Each entry from two gradients, one output of one input at a time."""
    rows = []
    for one in inputs:
        leaf = theta.clone().requires_grad_()
        outputs = landscape.output(leaf, one.unsqueeze(0))[0]
        rows += [torch.autograd.grad(output, leaf, retain_graph=True)[0] for output in outputs]
    return torch.stack([torch.stack([one @ other for other in rows]) for one in rows])


def landscape(width: int = 4, seed: int = 0) -> Landscape:
    torch.manual_seed(seed)
    return Landscape(mlp([5, width, 3], activation="tanh"), F.cross_entropy)


INPUTS = torch.randn(7, 5, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


@pytest.mark.parametrize("block", [1, 500, 2**25])
def test_against_the_transcription_whatever_the_blocks(block: int) -> None:
    one = landscape()
    kernel = tangent_kernel(one, one.start, INPUTS, block=block)
    assert kernel.shape == (1, 21, 21)
    assert torch.allclose(kernel[0], naive(one, one.start, INPUTS), rtol=0, atol=1e-13)


def test_groups_add_up() -> None:
    one = landscape()
    by_layer = tangent_kernel(one, one.start, INPUTS, groups=one.groups(), block=300)
    assert len(by_layer) == 2
    assert torch.allclose(by_layer.sum(0), tangent_kernel(one, one.start, INPUTS)[0], rtol=0, atol=1e-13)
    last = one.groups()["3"]
    hidden = torch.tanh(nn.functional.linear(INPUTS, *(one.split(one.start)[name] for name in ("1.weight", "1.bias"))))
    expected = torch.kron(hidden @ hidden.T + 1, torch.eye(3, dtype=torch.float64))  # of the last layer: h·h' + 1
    assert torch.allclose(tangent_kernel(one, one.start, INPUTS, groups={"3": last})[0], expected, rtol=0, atol=1e-13)


def test_of_a_linear_model_it_never_changes() -> None:
    line = Landscape(nn.Linear(5, 3), F.cross_entropy)
    before, after = (tangent_kernel(line, theta, INPUTS)[0] for theta in (line.start, 10 * line.start + 1))
    assert torch.equal(before, after)


def test_its_change_falls_with_width_as_the_inverse() -> None:
    """Dyer & Gur-Ari 2020, Huang & Yau 2020: after a given time the change is O(1/width)."""
    labels = torch.arange(7) % 3
    widths, changes = (16, 32, 64, 128, 256), []
    for seed in range(6):
        row = []
        for width in widths:
            torch.manual_seed(seed)
            wide = Landscape(wide_mlp([5, width, width, 3]), F.cross_entropy)
            theta = wide.start
            for _ in range(20):
                theta = theta - 0.5 * wide.gradient(theta, (INPUTS, labels))
            before, after = (tangent_kernel(wide, each, INPUTS)[0] for each in (wide.start, theta))
            row.append(kernel_change(before, after))
        changes.append(row)
    law = exponent(widths, changes)
    assert law.error < 0.1
    assert abs(law.value + 1) < 3 * law.error + 0.05, str(law)  # the next order of 1/width bends the line
