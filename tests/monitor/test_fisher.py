"""Work below the rounding of the forward pass: the Fisher quadratic form, and the floor where differences drown."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import szilard
from szilard import Classifier, Ledger, Monitor, data, ledger
from szilard.models.ppm import phi_of

pytestmark = pytest.mark.slow

PROBE = torch.randn(64, 12, generator=torch.Generator().manual_seed(1))


def mlp() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(12, 32), nn.Tanh(), nn.Linear(32, 5))


def batch_norm() -> nn.Sequential:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(12, 32), nn.BatchNorm1d(32), nn.Tanh(), nn.Linear(32, 5))
    model[1].running_mean.normal_()
    model[1].running_var.uniform_(0.5, 2)
    return model


def move_all(model: nn.Module, size: float, generator: torch.Generator) -> None:
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += size * torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)


def move_biases(model: nn.Module, size: float, generator: torch.Generator) -> None:
    """Only numbers near 0 can move by 10⁻⁹ in float32."""
    with torch.no_grad():
        for part in model.modules():
            if isinstance(part, nn.Linear | nn.BatchNorm1d):
                part.bias += size * torch.randn(part.bias.shape, generator=generator, dtype=part.bias.dtype)


def exact_phi(model: nn.Module) -> Tensor:
    with torch.no_grad():
        return phi_of(copy.deepcopy(model).double().eval()(PROBE.double()))


def watch(
    out: Path, model: nn.Module, move: Callable[[], None], steps: int, probe: Tensor = PROBE
) -> tuple[szilard.Run, np.ndarray]:
    """A run, and its cumulative work in float64 from the very same weights."""
    monitor = Monitor(Classifier(model, probe), None, out, measures=[Ledger(every=1, fisher=True)], quiet=True)
    work, before = [0.0], exact_phi(model)
    for _ in range(steps):
        move()
        monitor.step()
        after = exact_phi(model)
        work.append(work[-1] + float(ledger.work_per_input(before, after).mean()))
        before = after
    return monitor.close(), np.array(work)


@pytest.mark.parametrize("make", [mlp, batch_norm])
def test_small_steps_agree_with_the_exact_work(tmp_path, make):
    """To leading order: the difference is of the order of the step, relative to the work."""
    differences = []
    for size in (4e-3, 2e-3, 1e-3):
        model, generator = make().double(), torch.Generator().manual_seed(2)
        run, truth = watch(
            tmp_path / str(size), model, lambda m=model, s=size, g=generator: move_all(m, s, g), 5, PROBE.double()
        )
        assert run.data["work"].values == pytest.approx(truth, rel=1e-9)
        differences.append(abs(run.data["work_quadratic"].values[-1] / truth[-1] - 1))
        assert run.data["work_quadratic_error"].values[-1] == pytest.approx(run.data["work_error"].values[-1], rel=0.05)
    assert differences[0] < 0.02
    assert differences[2] < 0.4 * differences[0]


@pytest.mark.parametrize("make", [mlp, batch_norm])
def test_below_the_floor_the_quadratic_form_is_right_and_differences_are_not(tmp_path, make):
    """Steps of 10⁻⁸ of θ and less: float32 differences are all rounding, the quadratic form is right within 1 %."""
    model, generator = make(), torch.Generator().manual_seed(2)
    move_biases(model.apply(lambda part: isinstance(part, nn.Linear) and nn.init.zeros_(part.bias)), 1e-4, generator)
    size = 1e-9
    norm = torch.nn.utils.parameters_to_vector(model.parameters()).detach().norm()
    biases = sum(p.numel() for name, p in model.named_parameters() if "bias" in name)
    relative = size * biases**0.5 / float(norm)
    assert relative < 1e-8
    run, truth = watch(tmp_path / "run", model, lambda: move_biases(model, size, generator), 12)
    row = run.data.isel(step=-1)
    assert float(row["work_quadratic"]) == pytest.approx(truth[-1], rel=0.01)
    assert float(row["precision_floor"]) > 100 * truth[-1]
    assert float(row["work"]) > 20 * truth[-1], "float32 differences should be rounding here"
    assert float(row["work"]) < 10 * float(row["precision_floor"])
    assert run.tree["ledger"]["work_quadratic"].attrs["kind"] == "asymptotic"


def test_the_floor_is_of_the_order_of_the_spurious_work():
    """An MLP trained on the digits: W between the float32 and the float64 logits of the very same weights."""
    digits = data.load("digits")
    images, labels = digits.split("train")
    torch.manual_seed(0)
    layers = [nn.Linear(64, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(), nn.Linear(100, 10)]
    model = nn.Sequential(nn.Flatten(), *layers)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(400):
        batch = torch.randint(len(images), (32,))
        loss = F.cross_entropy(model(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        rounded = model(images[:512])
        fine = copy.deepcopy(model).double()(images[:512].double())
    spurious = float(ledger.work_per_input(phi_of(fine), phi_of(rounded)).mean())
    floor = float(ledger.spurious_work(fine, torch.finfo(torch.float32).eps).mean())
    assert 0.1 < floor / spurious < 10
