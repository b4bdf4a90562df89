"""GaussianMean: its table of known values, and every closed form against plain simulation."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from szilard.errors import SpecError
from szilard.systems import GaussianMean

TABLE = GaussianMean(
    dimension=2, points=10, model_sigma=1.0, data_sigma=1.0, rate=0.1, noise=0.02, initial_variance=0.5
)
GENERAL = GaussianMean(
    dimension=2,
    points=7,
    model_sigma=1.3,
    data_sigma=0.8,
    rate=0.4,
    noise=0.05,
    initial_variance=0.4,
    task_variance=0.6,
)
STEPS = 6


@pytest.mark.parametrize(
    ("steps", "m_info", "l_info", "info_data", "entropy_change", "work"),
    [
        (0, 0.0, 0.40547, 0.0, 0.0, 0.0),
        (5, 0.06676, 0.23085, 0.01340, -0.65520, 0.12222),
        (200, 0.66783, 0.18670, 0.08661, -0.89032, 4.23657),
    ],
)
def test_table(steps: int, m_info: float, l_info: float, info_data: float, entropy_change: float, work: float) -> None:
    answers = TABLE.exact(steps=steps)
    printed = {
        "m_info": m_info,
        "l_info": l_info,
        "info_data": info_data,
        "parameter_entropy_change": entropy_change,
        "work": work,
        "heat": -work,
        "info_task": 0.0,
        "info_dataset": info_data,
    }
    for name, value in printed.items():
        assert answers[name] == pytest.approx(value, abs=0.50001e-5), name
    assert answers["clausius_residual"] == pytest.approx(entropy_change - work, abs=1.00001e-5)
    assert answers["ep_marginal"] == pytest.approx(answers["ep_ignorance"] + work, abs=0.50001e-5)


def test_marginal_entropy_production_may_be_negative() -> None:
    assert TABLE.exact(steps=5)["ep_marginal"] < 0


@pytest.mark.parametrize("steps", [0, 1, 6, 50])
def test_chain_rules(steps: int) -> None:
    answers = GENERAL.exact(steps=steps)
    assert answers["info_task"] + answers["info_dataset"] == pytest.approx(answers["info_data"], abs=1e-14)
    assert answers["info_data"] + answers["info_seed"] == pytest.approx(answers["l_info"], abs=1e-14)
    assert answers["entropy_marginal"] - answers["entropy_conditional"] == pytest.approx(answers["l_info"], abs=1e-14)
    assert answers["ep_ignorance"] == pytest.approx(answers["l_info"] - GENERAL.exact(steps=0)["l_info"], abs=1e-14)
    assert answers["ep_marginal"] - answers["ep_conditional"] == pytest.approx(answers["ep_ignorance"], abs=1e-14)


class Simulated:
    """An ensemble whose tasks, data means, parameters and samples are all in view."""

    def __init__(self, system: GaussianMean, members: int) -> None:
        generator = torch.Generator().manual_seed(11)

        def normal(*shape: int) -> torch.Tensor:
            return torch.randn(shape, generator=generator, dtype=torch.float64)

        d = system.dimension
        task = math.sqrt(system.task_variance) * normal(members, d)
        data = task[:, None] + system.data_sigma * normal(members, system.points, d)
        start = math.sqrt(system.initial_variance) * normal(members, d)
        self.path = system.simulate_given(data, start, STEPS, generator=generator)
        self.system = system
        self.task, self.mean, self.theta = task.flatten(), data.mean(-2).flatten(), self.path[:, -1].flatten()
        self.x = system.sample(self.path[:, -1], 1, generator=generator).flatten()

    def information(self, a: torch.Tensor, b: torch.Tensor, given: torch.Tensor | None = None) -> tuple[float, float]:
        """``−(d/2) ln(1 − ρ²)`` from the (partial) correlation, and its standard error ``d|ρ|/√n``."""
        if given is not None:
            a, b = (v - given * (v @ given) / (given @ given) for v in (a, b))
        rho = float(a @ b / torch.sqrt((a @ a) * (b @ b)))
        d = self.system.dimension
        return -0.5 * d * math.log1p(-(rho**2)), d * abs(rho) / math.sqrt(len(a))


@pytest.fixture(scope="module")
def simulated() -> Simulated:
    return Simulated(GENERAL, 200_000)


def test_informations_by_simulation(simulated: Simulated) -> None:
    answers = GENERAL.exact(steps=STEPS)
    s = simulated
    estimates = {
        "m_info": s.information(s.theta, s.mean),
        "l_info": s.information(s.x, s.theta),
        "info_data": s.information(s.x, s.mean),
        "info_task": s.information(s.x, s.task),
        "info_dataset": s.information(s.x, s.mean, given=s.task),
        "info_seed": s.information(s.x, s.theta, given=s.mean),
    }
    for name, (value, error) in estimates.items():
        assert error < 0.03 * answers[name], name
        assert abs(value - answers[name]) < 4 * error, (name, value, answers[name], error)


def test_entropies_by_simulation(simulated: Simulated) -> None:
    answers = GENERAL.exact(steps=STEPS)
    count = len(simulated.theta)
    variance_error = math.sqrt(2 / count)
    assert float(simulated.theta.square().mean()) == pytest.approx(
        answers["parameter_variance"], rel=4 * variance_error
    )
    half_log = 0.5 * GENERAL.dimension * math.log(2 * math.pi * math.e * float(simulated.x.square().mean()))
    assert half_log == pytest.approx(answers["entropy_marginal"], abs=4 * 0.5 * GENERAL.dimension * variance_error)
    change = 0.5 * GENERAL.dimension * math.log(float(simulated.theta.square().mean()) / GENERAL.initial_variance)
    assert change == pytest.approx(
        answers["parameter_entropy_change"], abs=4 * 0.5 * GENERAL.dimension * variance_error
    )


def _half_squares(path: torch.Tensor, sigma: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Work of every path, and of one jump from its start to its end."""
    work = path.diff(dim=-2).square().sum((-1, -2)) / (2 * sigma**2)
    return work, (path[..., -1, :] - path[..., 0, :]).square().sum(-1) / (2 * sigma**2)


def _agrees(values: torch.Tensor, truth: float) -> None:
    error = float(values.std()) / math.sqrt(len(values))
    assert error < 0.03 * truth
    assert abs(float(values.mean()) - truth) < 4 * error


@pytest.mark.parametrize("batch_size", [None, 3])
def test_work_by_simulation(batch_size: int | None) -> None:
    system = dataclasses.replace(GENERAL, batch_size=batch_size)
    work, direct = _half_squares(system.simulate(STEPS, members=50_000, seed=3), system.model_sigma)
    answers = system.exact(steps=STEPS)
    _agrees(work, answers["work"])
    _agrees(direct, answers["work_direct"])


def test_minibatch_parameter_variance_by_simulation() -> None:
    system = dataclasses.replace(GENERAL, batch_size=2)
    squares = system.simulate(STEPS, members=50_000, seed=4)[:, -1].square().flatten()
    _agrees(squares, system.exact(steps=STEPS)["parameter_variance"])
    assert "m_info" not in system.exact(steps=STEPS)


@pytest.mark.parametrize(("batch_size", "noise"), [(1, 0.0), (4, 0.0), (4, 0.03), (None, 0.03)])
def test_given_data_by_simulation(batch_size: int | None, noise: float) -> None:
    system = dataclasses.replace(GENERAL, batch_size=batch_size, noise=noise)
    generator = torch.Generator().manual_seed(5)
    data = torch.randn(7, 2, generator=generator, dtype=torch.float64) + 0.5
    start = torch.tensor([-0.4, 1.1], dtype=torch.float64)
    path = system.simulate_given(data.expand(20_000, -1, -1), start.expand(20_000, -1), STEPS, generator=generator)
    work, direct = _half_squares(path, system.model_sigma)
    answers = system.exact_given(data, start, steps=STEPS)
    _agrees(work, answers["work"])
    _agrees(direct, answers["work_direct"])


def test_minibatch_formula_as_printed() -> None:
    """W_n = (1/2s²){a/(2−a)·(1−qⁿ)[D − c_m a/(2−a)] + 2na²c_m/(2−a)}."""
    system = dataclasses.replace(GENERAL, batch_size=4, noise=0.0)
    data = torch.randn(7, 2, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    start = torch.tensor([-0.4, 1.1], dtype=torch.float64)
    a, n, s2 = system.rate / system.model_sigma**2, 9, system.model_sigma**2
    q = (1 - a) ** 2
    distance = float((start - data.mean(0)).square().sum())
    c = float(torch.cov(data.T, correction=0).trace()) / 4
    printed = a / (2 - a) * (1 - q**n) * (distance - c * a / (2 - a)) + 2 * n * a**2 * c / (2 - a)
    assert system.exact_given(data, start, steps=n)["work"] == pytest.approx(printed / (2 * s2), rel=1e-12)


def test_nesting_by_simulation() -> None:
    """Two seeds of one data set share its variance and the task's; two data sets of one task share the task's only."""
    theta = GENERAL.ensemble(STEPS, tasks=30_000, datasets=2, seeds=2, seed=8)[..., -1, :]
    assert theta.shape == (30_000, 2, 2, 2)
    learned = (1 - (1 - GENERAL.rate / GENERAL.model_sigma**2) ** STEPS) ** 2
    _agrees((theta[:, 0, 0] * theta[:, 1, 1]).flatten(), learned * GENERAL.task_variance)
    shared = learned * (GENERAL.task_variance + GENERAL.data_sigma**2 / GENERAL.points)
    _agrees((theta[:, 0, 0] * theta[:, 0, 1]).flatten(), shared)


def test_one_step_to_the_mean() -> None:
    """At a = 1 a step lands on b̄ whatever the start, and each later step is two draws of the noise apart."""
    system = dataclasses.replace(TABLE, rate=1.0)
    answers = system.exact(steps=3)
    expected = 0.5 * 2 * ((0.5 + 0.1) + 0.02 + 2 * (0.02 + 0.02))
    assert answers["work"] == pytest.approx(expected, rel=1e-12)
    assert answers["m_info"] == pytest.approx(math.log(0.12 / 0.02), rel=1e-12)


def test_parameters_without_density() -> None:
    deterministic = dataclasses.replace(TABLE, noise=0.0, initial_variance=0.0)
    assert deterministic.exact(steps=3)["m_info"] == math.inf
    assert deterministic.exact(steps=3)["parameter_entropy_change"] == math.inf
    assert deterministic.exact(steps=0)["m_info"] == 0


def test_along_is_the_integral_over_x() -> None:
    path = dataclasses.replace(GENERAL, dimension=1).simulate(4, seed=2)
    system = dataclasses.replace(GENERAL, dimension=1)
    p = torch.exp(-system.table(path)).numpy()
    phi = system.phi(*_grid(system, path)).numpy()
    work = sum(float((p[t - 1] * (phi[t] - phi[t - 1])).sum()) for t in range(1, 5))
    heat = sum(float(((p[t] - p[t - 1]) * phi[t]).sum()) for t in range(1, 5))
    length = sum(2 * math.acos(float(((p[t - 1] * p[t]) ** 0.5).sum())) for t in range(1, 5))
    answers = system.along(path)
    assert answers["work"] == pytest.approx(work, rel=1e-12)
    assert answers["heat"] == pytest.approx(heat, rel=1e-12)
    assert answers["length"] == pytest.approx(length, rel=1e-10)
    assert answers["energy"] == pytest.approx(float((p[-1] * phi[-1]).sum()), rel=1e-12)
    assert answers["length_direct"] == pytest.approx(2 * math.acos(float(((p[0] * p[-1]) ** 0.5).sum())), rel=1e-10)
    assert answers["work_direct"] == pytest.approx(float((p[0] * (phi[-1] - phi[0])).sum()), rel=1e-12)


def _grid(system: GaussianMean, path: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return system.outcomes(path)[0], path


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"dimension": 0}, "dimension"),
        ({"points": 2.5}, "points"),
        ({"points": True}, "points"),
        ({"batch_size": 0}, "batch_size"),
        ({"model_sigma": 0.0}, "model_sigma"),
        ({"model_sigma": math.nan}, "model_sigma"),
        ({"data_sigma": -1.0}, "data_sigma"),
        ({"rate": 0.0}, "rate"),
        ({"rate": 2.0}, "diverges"),
        ({"noise": -0.1}, "noise"),
        ({"initial_variance": math.inf}, "initial_variance"),
        ({"task_variance": -1e-3}, "task_variance"),
    ],
)
def test_invalid_parameters(change: dict[str, float], named: str) -> None:
    with pytest.raises(SpecError, match=named):
        dataclasses.replace(TABLE, **change)


@pytest.mark.parametrize("steps", [-1, 1.5, True])
def test_invalid_steps(steps: int) -> None:
    with pytest.raises(SpecError, match="steps"):
        TABLE.exact(steps=steps)
    with pytest.raises(SpecError, match="steps"):
        TABLE.simulate(steps)


def test_invalid_ensemble() -> None:
    with pytest.raises(SpecError, match="seeds"):
        TABLE.ensemble(1, seeds=0)
