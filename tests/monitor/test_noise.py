"""Runs on nothing but noise: the ledger reports diffusion, W in proportion to the steps, ΔS of nothing, no learning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import szilard
from szilard import Classifier, Monitor
from szilard.audit import Motion, drift_share, no_learning
from szilard.verdicts.bounds import STILL
from szilard.verdicts.finding import Verdict

pytestmark = pytest.mark.slow

STEPS, EVERY = 2048, 2

Gradients = Callable[[nn.Module], Iterator[list[Tensor]]]


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(40, 48), nn.Tanh(), nn.Linear(48, 10))


def white(model: nn.Module) -> Iterator[list[Tensor]]:
    """Gradients of unit variance, the same for every parameter."""
    generator = torch.Generator().manual_seed(1)
    while True:
        yield [torch.randn(p.shape, generator=generator) for p in model.parameters()]


def independent(model: nn.Module) -> Iterator[list[Tensor]]:
    """The gradients that minibatches really have at one place, less their mean: unequal, correlated, not Gaussian."""
    generator = torch.Generator().manual_seed(1)
    x, y = torch.randn(256, 40, generator=generator), torch.randint(10, (256,), generator=generator)
    weights = {name: p.detach().clone() for name, p in model.named_parameters()}

    def loss(values: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(torch.func.functional_call(model, values, (x[None],)), y[None])

    each = torch.func.vmap(torch.func.grad(loss), (None, 0, 0))(weights, x, y)
    centred = [gradient - gradient.mean(0) for gradient in each.values()]
    while True:
        batch = torch.randint(256, (8,), generator=generator)
        yield [gradient[batch].mean(0) for gradient in centred]


def watch(out: Path, optimizer: Callable[..., torch.optim.Optimizer], gradients: Gradients) -> szilard.Run:
    model = net()
    source, used = gradients(model), optimizer(model.parameters())
    probe = torch.randn(128, 40, generator=torch.Generator().manual_seed(9))
    monitor = Monitor(Classifier(model, probe), used, out, every=EVERY, quiet=True)
    for _, noise in zip(range(STEPS), source, strict=False):
        for parameter, gradient in zip(model.parameters(), noise, strict=True):
            parameter.grad = gradient
        used.step()
        monitor.step()
    return monitor.close()


@pytest.mark.parametrize(
    ("optimizer", "gradients", "momentum"),
    [
        (lambda p: torch.optim.SGD(p, lr=1e-3), white, 0.0),
        (lambda p: torch.optim.SGD(p, lr=2e-4, momentum=0.8), white, 0.8),
        (lambda p: torch.optim.SGD(p, lr=0.02), independent, 0.0),
        (lambda p: torch.optim.AdamW(p, lr=1e-3), white, 0.9),
    ],
    ids=["SGD", "momentum", "independent gradients", "AdamW"],
)
def test_noise_is_diffusion_and_no_learning(tmp_path, optimizer, gradients, momentum):
    run = watch(tmp_path / "run", optimizer, gradients)
    ledger = run.tree["ledger"].to_dataset()
    share = drift_share(ledger, momentum)
    assert share.motion is Motion.DIFFUSION
    assert no_learning(ledger, share)
    entropy, work = ledger["entropy_conditional"].values, ledger["work"].values
    assert abs(entropy[-1] - entropy[0]) < STILL * entropy[0]
    # W ∝ n: each quarter of the run costs about as much as another
    quarters = work[[STEPS // EVERY * part // 4 for part in range(1, 5)]] / work[-1]
    assert quarters == pytest.approx([0.25, 0.5, 0.75, 1], abs=0.05)
    row = run.audit()["drift"]
    assert row.verdict is Verdict.FAILED
    assert row.detail.startswith("Diffusion: ")
    assert "No learning visible: W grows with the steps" in row.detail
    assert run.audit().sound


def test_learning_is_drift(tmp_path):
    """The same net, the same number of steps, and something to learn."""
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    generator = torch.Generator().manual_seed(5)
    truth, probe = torch.randn(40, 10, generator=generator), torch.randn(128, 40, generator=generator)
    monitor = Monitor(Classifier(model, probe), optimizer, tmp_path / "run", every=EVERY, quiet=True)
    for _ in range(STEPS // 2):
        x = torch.randn(64, 40, generator=generator)
        loss = F.cross_entropy(model(x), (x @ truth).argmax(-1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        monitor.step(loss)
    run = monitor.close()
    row = run.audit()["drift"]
    assert row.verdict is Verdict.HELD
    assert row.detail.startswith("Drift: ")
    assert "No learning visible" not in row.detail
