"""The reservoir against systems whose noise, force and temperature are known in closed form."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from szilard import Monitor, Outcomes, Reservoir
from szilard.reservoir.correlation import shuffled_autocorrelation

RECORDS = 40
LAGS = (1, 2)
EVERY = 7


class Regression(nn.Module):
    """A linear model; as a table of outcomes its weights serve as logits, which nothing here looks at."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(features, dtype=torch.float64))

    def forward(self, x: Tensor | None = None) -> Tensor:
        return self.weight.tile(2)[:2] if x is None else x @ self.weight


def half_square(output: Tensor, labels: Tensor) -> Tensor:
    return 0.5 * (output - labels).square().mean()


# At fixed parameters everything follows from the gradients of the examples


BATCHES = (1, 2, 3, 8)
FEATURES = (1, 6)
ORDERS = ("replacement", "subsets", "epochs")
EXAMPLES = 24


def orders(kind: str, batch: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Rows of batch after batch."""
    while True:
        if kind == "replacement":
            yield torch.randint(EXAMPLES, (batch,), generator=generator)
        elif kind == "subsets":
            yield torch.randperm(EXAMPLES, generator=generator)[:batch]
        else:
            yield from torch.randperm(EXAMPLES, generator=generator).split(batch)


def frozen(out: Path, batch: int, features: int, kind: str, seed: int) -> tuple[Any, dict[str, Any]]:
    """A record at practically fixed parameters, and what it should hold."""
    torch.manual_seed(seed)
    x = torch.randn(EXAMPLES, features, dtype=torch.float64) * torch.linspace(1, 2, features, dtype=torch.float64)
    y = torch.randn(EXAMPLES, dtype=torch.float64)
    model = Regression(features)
    with torch.no_grad():
        model.weight += 0.7
    rate = 1e-9
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    reservoir = Reservoir(
        half_square, (x, y), every=EVERY, lags=LAGS, batch_size=batch, replacement=kind == "replacement",
        window=RECORDS, per_example=10, directions=0,
    )  # fmt: skip
    monitor = Monitor(Outcomes(model), optimizer, out, measures=[reservoir], quiet=True, seed=seed)
    rows = orders(kind, batch, torch.Generator().manual_seed(seed))
    for _ in range(EVERY * (RECORDS - 1) + 4):
        chosen = next(rows)
        optimizer.zero_grad()
        half_square(model(x[chosen]), y[chosen]).backward()
        optimizer.step()
        monitor.step()
    data = monitor.close().tree["reservoir"].to_dataset()
    gradients = ((x @ model.weight - y).unsqueeze(1) * x).detach().numpy()
    force = gradients.mean(0)
    covariance = np.cov(gradients.T, ddof=0).reshape(features, features)
    trace = float(np.trace(covariance))
    of_batch = trace / batch / features
    looped = of_batch * (1 if kind == "replacement" else (EXAMPLES - batch) / (EXAMPLES - 1))
    rho = [shuffled_autocorrelation(EXAMPLES // batch, lag) if kind == "epochs" else 0.0 for lag in LAGS]
    truth = {
        "noise_variance": looped,
        "noise_variance_loop": looped,
        "noise_variance_per_example": looped,
        "signal_variance": float(force @ force) / features,
        "temperature_noise": rate * looped / 2,
        "gradient_noise_scale_pooled": trace / float(force @ force),
        "participation_ratio": trace**2 / float(np.trace(covariance @ covariance)),
        "reservoir_energy": float(half_square(model(x), y).detach()),
        **{f"noise_covariance at {lag}": looped * one for lag, one in zip(LAGS, rho, strict=True)},
    }
    return data, truth


def pooled(data: Any, name: str, truth: float) -> float:
    """How many errors the mean over records is from the truth; windows and sums are judged at their end."""
    name, _, lag = name.partition(" at ")
    values, errors = (np.asarray(data[each].values) for each in (name, f"{name}_error"))
    if lag:
        values, errors = (table[..., list(data["lag"].values).index(int(lag))] for table in (values, errors))
    values, errors = values.reshape(len(values)), errors.reshape(len(errors))
    if name in ("gradient_noise_scale_pooled", "participation_ratio"):
        return float((values[-1] - truth) / errors[-1])
    return float((values - truth).sum() / math.sqrt(np.square(errors).sum()))


SETTINGS = list(itertools.product(BATCHES, FEATURES, ORDERS))


@pytest.fixture(scope="module")
def distances(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """In errors, for every column over the 24 settings; where the truth is 1 by definition, or 0 ± 0, there is none."""
    found: dict[str, list[float]] = {}
    for seed, (batch, features, kind) in enumerate(SETTINGS):
        data, truth = frozen(tmp_path_factory.mktemp("frozen") / "run", batch, features, kind, seed)
        for name, value in truth.items():
            if name == "participation_ratio" and features == 1:
                np.testing.assert_allclose(data[name].values[3:], 1, rtol=0.2)
                continue
            found.setdefault(name, []).append(pooled(data, name, value))
    return {name: np.array(each) for name, each in found.items()}


@pytest.mark.parametrize(
    "name",
    [
        "noise_variance", "noise_variance_loop", "noise_variance_per_example", "signal_variance", "temperature_noise",
        "gradient_noise_scale_pooled", "participation_ratio", "reservoir_energy", "noise_covariance at 1",
        "noise_covariance at 2",
    ],
)  # fmt: skip
def test_at_fixed_parameters(distances: dict[str, np.ndarray], name: str) -> None:
    """Within 3 errors in each of the settings, and neither too close nor too far over all of them."""
    z = distances[name]
    assert len(z) == (12 if name == "participation_ratio" else len(SETTINGS))
    assert np.abs(z).max() < 3, z
    assert 0.3 < np.square(z).mean() < 1.9, z
    assert abs(z.mean()) < 3 / math.sqrt(len(z)), z
