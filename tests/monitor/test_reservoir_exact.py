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
from szilard.systems.heavy_ball import HeavyBall

pytestmark = pytest.mark.slow

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
        with torch.no_grad():  # the gradient of half_square, by hand: the loop is not what is tested
            model.weight.grad = (x[chosen] @ model.weight - y[chosen]) @ x[chosen] / len(chosen)
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


# At stationarity the temperatures are those of the heavy ball


DIRECTIONS = 48
POINTS = 64
REST = 24
WATCHED = 40


class Well(nn.Module):
    """Quadratic wells about every example, one for each optimiser; their minibatch noise does not depend on θ."""

    def __init__(self, wells: int = 1) -> None:
        super().__init__()
        self.theta = nn.ParameterList(torch.zeros(DIRECTIONS, dtype=torch.float64) for _ in range(wells))

    def forward(self, x: Tensor | None = None) -> Tensor:
        if x is None:
            return self.theta[0][:2]
        return torch.stack(list(self.theta)) - x


PLACES = ((1.0, 0.1, 1), (2.0, 0.3, 4), (0.5, 0.4, 2), (1.0, 0.6, 1))
"""Curvature, rate and batch."""
KINDS: tuple[dict[str, Any], ...] = (
    {},
    {"momentum": 0.5},
    {"momentum": 0.8},
    {"momentum": 0.6, "dampening": 0.4},
    {"momentum": 0.5, "nesterov": True},
)


def settled(out: Path, h: float, rate: float, batch: int, seed: int) -> tuple[Any, list[HeavyBall]]:
    """A record at stationarity of a well a kind, each with examples of its own, and the systems that it is of."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(POINTS, len(KINDS), DIRECTIONS, generator=generator, dtype=torch.float64)
    x -= x.mean(0)

    def loss_fn(apart: Tensor, labels: Tensor) -> Tensor:
        return 0.5 * h * apart.square().sum((-2, -1)).mean()

    model = Well(len(KINDS))
    groups = [{"params": [theta], **kind} for theta, kind in zip(model.theta, KINDS, strict=True)]
    optimizer = torch.optim.SGD(groups, lr=rate)
    reservoir = Reservoir(
        loss_fn, (x, x), every=REST, lags=(1, 2), batch_size=batch, replacement=True, window=WATCHED, directions=0,
        groups="parameter",
    )  # fmt: skip
    monitor = None
    for step in range(300 + REST * (WATCHED - 1) + 4):
        if step == 300:
            monitor = Monitor(Outcomes(model), optimizer, out, measures=[reservoir], quiet=True, seed=seed)
        rows = torch.randint(POINTS, (batch,), generator=generator)
        with torch.no_grad():  # the gradient of loss_fn, by hand
            for theta, centre in zip(model.theta, x[rows].mean(0), strict=True):
                theta.grad = h * (theta - centre)
        optimizer.step()
        if monitor is not None:
            monitor.step()
    assert monitor is not None
    noises = h**2 * x.square().mean((0, 2)) / batch
    systems = [HeavyBall(h, float(noise), rate, **kind) for noise, kind in zip(noises, KINDS, strict=True)]
    return monitor.close().tree["reservoir"].to_dataset(), systems


@pytest.fixture(scope="module")
def temperatures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """For every setting how many errors each temperature is from the exact one."""
    found: dict[str, list[float]] = {}
    for seed, place in enumerate(PLACES):
        data, systems = settled(tmp_path_factory.mktemp("well") / "run", *place, seed=seed)
        for kind, system in enumerate(systems):
            exact = system.exact()
            errors = np.asarray(data["temperature_noise_error"].values)[:, kind]
            noise = np.asarray(data["temperature_noise"].values)[:, kind]
            z = (noise - exact["temperature_noise"]).sum() / math.sqrt(np.square(errors).sum())
            found.setdefault("temperature_noise", []).append(float(z))
            last = [float(data[f"temperature_configurational{suffix}"][-1, kind]) for suffix in ("", "_error")]
            z = (last[0] - exact["temperature_configurational"]) / last[1]
            found.setdefault("temperature_configurational", []).append(float(z))
            # Velocities remember beyond a burst, and the ends of a path fluctuate: by their scatter over records.
            for name in ("temperature_kinetic", "fdr_ratio"):
                values = np.asarray(data[name].values)[1:, kind]
                z = (values.mean() - exact[name]) / (values.std(ddof=1) / math.sqrt(len(values)))
                found.setdefault(name, []).append(float(z))
    return {name: np.array(each) for name, each in found.items()}


@pytest.mark.parametrize(
    "name", ["temperature_noise", "temperature_kinetic", "temperature_configurational", "fdr_ratio"]
)
def test_at_stationarity(temperatures: dict[str, np.ndarray], name: str) -> None:
    """Within 3 errors for SGD, momentum, dampening and Nesterov, also where r h is not small."""
    z = temperatures[name]
    assert len(z) == len(PLACES) * len(KINDS) >= 20
    assert np.abs(z).max() < 3, z
    assert abs(z.mean()) < 3 / math.sqrt(len(z)), z


def test_pure_noise_has_a_temperature_and_no_drift(tmp_path: Path) -> None:
    """Labels of zero mean, a loss that is linear in θ: nothing pulls, whatever the optimiser sees."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(POINTS, DIRECTIONS, generator=generator, dtype=torch.float64)
    x -= x.mean(0)

    def pull(apart: Tensor, labels: Tensor) -> Tensor:
        return (apart * labels).sum(-1).mean()

    model = Well()
    model.forward = lambda z=None: model.theta[0][:2] if z is None else model.theta[0].expand(len(z), -1)  # type: ignore[method-assign]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    reservoir = Reservoir(pull, (x, x), every=REST, lags=(1, 2), batch_size=2, replacement=True, directions=0)
    monitor = Monitor(Outcomes(model), optimizer, tmp_path / "run", measures=[reservoir], quiet=True)
    for _ in range(REST * 30):
        rows = torch.randint(POINTS, (2,), generator=generator)
        model.theta[0].grad = x[rows].mean(0)
        optimizer.step()
        monitor.step()
    data = monitor.close().tree["reservoir"].to_dataset()
    temperature = 0.1 * float(x.square().mean()) / 2 / 2
    for name, truth in (
        ("temperature_noise", temperature),
        ("temperature_kinetic", temperature),
        ("signal_variance", 0),
    ):
        assert abs(pooled(data, name, truth)) < 3, name
    assert (np.asarray(data["signal_variance"].values) < 0).any()  # kept, not clamped


def test_projections_of_a_canonical_state(tmp_path: Path) -> None:
    """Isotropic noise, anisotropic well: ⟨(u_i·(θ − θ̄))(u_j·∇U)⟩ is one temperature on the diagonal, 0 beside it."""
    stiff, rate, records = torch.tensor([0.5, 2.0, 4.0], dtype=torch.float64), 0.05, 800
    generator = torch.Generator().manual_seed(2)
    x = torch.linalg.qr(torch.randn(POINTS, 4, generator=generator, dtype=torch.float64)).Q[:, :3]
    x = (x - x.mean(0)) @ torch.linalg.inv(torch.linalg.cholesky(torch.cov(x.T, correction=0))).T

    def loss_fn(theta: Tensor, x: Tensor) -> Tensor:
        return 0.5 * (stiff * theta[0].square()).sum() + (theta * x).sum(-1).mean()

    model = nn.Module()
    model.theta = nn.Parameter(torch.zeros(3, dtype=torch.float64))
    model.forward = lambda z=None: model.theta[:2] if z is None else model.theta.expand(len(z), -1)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    reservoir = Reservoir(
        loss_fn, (x, x), every=24, lags=(1,), batch_size=4, replacement=True, window=8, directions=3,
        groups=lambda _: "well",
    )  # fmt: skip
    monitor = Monitor(Outcomes(model), optimizer, tmp_path / "run", measures=[reservoir], quiet=True)
    u = monitor._session.schedule.recorders[0].recorder._plan.directions.numpy()  # type: ignore[attr-defined]
    for _ in range(24 * records):
        rows = torch.randint(POINTS, (4,), generator=generator)
        model.theta.grad = stiff * model.theta.detach() + x[rows].mean(0)
        optimizer.step()
        monitor.step()
    data = monitor.close().tree["reservoir"].to_dataset()
    position, force = (data[f"projection_{name}"].values[20:, 0] for name in ("position", "force"))
    products = -(position - position.mean(0))[:, :, None] * force[:, None, :]
    temperatures = rate / 4 / 2 / (1 - rate * stiff.numpy() / 2)
    wanted = u @ np.diag(temperatures) @ u.T
    errors = products.std(0) / math.sqrt(len(products)) * 1.5  # slow directions remember from record to record
    z = (products.mean(0) - wanted) / errors
    assert np.abs(z).max() < 3, z
    spread = data["projection_force_error"].values[20:, 0]
    assert 0.9 < np.sqrt(np.square(spread).mean()) / math.sqrt(1 / 4) < 1.2
