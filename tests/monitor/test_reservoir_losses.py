"""Noise of losses that are no plain mean, of ragged epochs and ranks, against every batch that there is.

The truth is enumerated: the gradient of every ordered batch of the loop's size, at fixed parameters.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import BatchSampler, DataLoader, DistributedSampler, SequentialSampler, TensorDataset

from szilard import Classifier, Monitor, Reservoir
from szilard.errors import SpecError
from szilard.monitor.reservoir.examples import Examples

pytestmark = pytest.mark.slow

EXAMPLES, BATCH, EVERY = 6, 3, 5
GENERATOR = torch.Generator().manual_seed(1)
X = torch.randn(EXAMPLES, 2, generator=GENERATOR, dtype=torch.float64)
Y = torch.tensor([0, 1, 2, 0, 0, 1])
IGNORED = torch.tensor([0, 1, 2, -100, -100, 1])
MASKED = torch.tensor([1.0, 0.0, 2.0, 1.0, 1.0, 0.0], dtype=torch.float64)
WEIGHTS = torch.tensor([1.0, 5.0, 0.2], dtype=torch.float64)


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Linear(2, 3, dtype=torch.float64)


def masked(output: Tensor, mask: Tensor) -> Tensor:
    """By hand, with NaN gradients where nothing counts."""
    each = output.square().sum(-1)
    return (each * mask).sum() / mask.sum()


def pairs(output: Tensor, labels: Tensor) -> Tensor:
    """Each example against all of its batch."""
    return F.cross_entropy(output @ output.T, torch.arange(len(output)))


@dataclass(frozen=True)
class Case:
    """A loss with the labels it takes, and whether it is the mean over examples."""

    loss: Callable[[Tensor, Tensor], Tensor]
    labels: Tensor
    plain: bool


CASES = {
    "plain": Case(F.cross_entropy, Y, True),
    "class weights": Case(lambda z, y: F.cross_entropy(z, y, weight=WEIGHTS), Y, False),
    "ignored labels": Case(F.cross_entropy, IGNORED, False),
    "mask": Case(masked, MASKED, False),
    "pairs": Case(pairs, Y, False),
}


def of_every_batch(case: Case, size: int) -> tuple[float, float]:
    """Noise variance per parameter and mean loss over all ordered batches that have a gradient (those with a loss)."""
    model = network()
    gradients, losses = [], []
    for rows in itertools.product(range(EXAMPLES), repeat=size):
        model.zero_grad()
        loss = case.loss(model(X[list(rows)]), case.labels[list(rows)])
        loss.backward()
        found = torch.cat([p.grad.reshape(-1) for p in model.parameters()])  # type: ignore[union-attr]
        if found.isfinite().all():
            gradients.append(found.numpy())
        losses.append(loss.item())
    return float(np.var(gradients, axis=0).mean()), float(np.nanmean(losses))


def measured(out: Path, case: Case, batches: Any, records: int = 60, **said: Any) -> Any:
    """A record at practically fixed parameters; ``batches`` gives the rows of batch after batch."""
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-12)
    settings = {"train_data": (X, case.labels), "batch_size": BATCH, "replacement": True, **said}
    data = settings.pop("train_data")
    measure = Reservoir(case.loss, data, every=EVERY, lags=(1,), directions=0, **settings)
    monitor = Monitor(Classifier(model, X), optimizer, out, measures=[measure], quiet=True)
    for _ in range(EVERY * (records - 1) + 3):
        rows = next(batches)
        optimizer.zero_grad()
        case.loss(model(X[rows]), case.labels[rows]).backward()
        if all(bool(p.grad.isfinite().all()) for p in model.parameters()):  # type: ignore[union-attr]
            optimizer.step()
        monitor.step()
    return monitor.close()


def drawn(seed: int) -> Any:
    generator = torch.Generator().manual_seed(seed)
    while True:
        yield torch.randint(EXAMPLES, (BATCH,), generator=generator)


def within(data: Any, name: str, truth: float, most: float = 3.5) -> None:
    """Its mean over bursts, in errors over bursts."""
    values = np.asarray(data[name].values, dtype=float).reshape(len(data["step"]), -1)[:, 0]
    error = values.std(ddof=1) / np.sqrt(len(values))
    assert abs(values.mean() - truth) < most * error, (name, values.mean(), error, truth)


@pytest.mark.filterwarnings("ignore::szilard.errors.SzilardWarning")
@pytest.mark.parametrize("name", CASES)
def test_noise_is_that_of_the_loops_batches(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    truth, energy = of_every_batch(case, BATCH)
    run = measured(tmp_path / "run", case, drawn(5))
    data, told = run.tree["reservoir"], run.attributes["reservoir"]
    assert run.status == "complete"
    assert data.sizes["step"] > 50
    assert told["plain_mean"] is case.plain
    assert told["fresh_batch"] == (BATCH + 1) // 2 if case.plain else BATCH
    within(data, "noise_variance", truth)
    within(data, "noise_variance_loop", truth)
    if name != "mask":  # whose batches without a gradient are drawn anew
        within(data, "reservoir_energy", energy)


REFUSED = {"per_example": {"per_example": 3}, "force": {"force": "full"}}


@pytest.mark.parametrize("name", REFUSED)
def test_what_such_a_loss_has_not_is_refused(name: str) -> None:
    many = (torch.randn(1100, 2, dtype=torch.float64), torch.randint(3, (1100,)))
    measure = Reservoir(CASES["class weights"].loss, many, every=9, lags=(1,), batch_size=8, **REFUSED[name])  # type: ignore[arg-type]
    model = network()
    with pytest.raises(SpecError, match=r"no plain mean over the examples of a batch .* leave (per_example|force)"):
        measure.start(Classifier(model, X), 0, torch.optim.SGD(model.parameters(), lr=0.1))


# Epochs that end with a smaller batch


def epochs(seed: int, size: int) -> Any:
    generator = torch.Generator().manual_seed(seed)
    while True:
        yield from torch.randperm(EXAMPLES, generator=generator).split(size)


def test_a_last_batch_of_few_examples_counts_as_it_is(tmp_path: Path) -> None:
    """4 and 2 of 6: the mean of ``C (N − b)/[(N − 1) b]`` over both."""
    case = CASES["plain"]
    loader = DataLoader(TensorDataset(X, Y), batch_size=4, shuffle=True)
    run = measured(tmp_path / "run", case, epochs(3, 4), 120, train_data=loader, batch_size=None, replacement=None)
    single, _ = of_every_batch(case, 1)
    truth = single * np.mean([(EXAMPLES - b) / (EXAMPLES - 1) / b for b in (4, 2)])
    assert run.attributes["reservoir"]["ragged"] is True
    within(run.tree["reservoir"], "noise_variance", truth)
    within(run.tree["reservoir"], "noise_variance_loop", truth)


def loader(**settings: Any) -> DataLoader[Any]:
    data = TensorDataset(torch.zeros(10, 2), torch.zeros(10))
    return DataLoader(data, **settings) if "batch_sampler" in settings else DataLoader(data, batch_size=4, **settings)


RANKS = DistributedSampler(TensorDataset(torch.zeros(10)), num_replicas=2, rank=0)
LOADERS: dict[str, tuple[DataLoader[Any], tuple[Any, ...]]] = {
    "kept": (loader(shuffle=True), (4, False, True)),
    "dropped": (loader(shuffle=True, drop_last=True), (4, False, False)),
    "even": (DataLoader(TensorDataset(torch.zeros(8, 2), torch.zeros(8)), batch_size=4), (4, None, False)),
    "batch sampler": (
        loader(batch_sampler=BatchSampler(SequentialSampler(range(10)), 4, drop_last=False)),
        (4, None, True),
    ),
    "its last dropped": (
        loader(batch_sampler=BatchSampler(SequentialSampler(range(10)), 4, drop_last=True)),
        (4, None, False),
    ),
    "a rank of two": (loader(sampler=RANKS), (8, False, True)),
}


@pytest.mark.parametrize("name", LOADERS)
def test_loaders_say_what_the_optimiser_gets(name: str) -> None:
    """All ranks together, and whether epochs end with a batch of what is left."""
    given, wanted = LOADERS[name]
    found = Examples.of(given)
    assert (found.batch_size, found.replacement, found.ragged) == wanted
