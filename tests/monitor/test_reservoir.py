"""Every column of the reservoir against a naive transcription in float64, from gradients taken one by one."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from szilard import Classifier, Ledger, Monitor, Reservoir
from szilard.monitor.reservoir.window import FEWEST_NORMS, FEWEST_RECORDS
from szilard.reservoir.tails import tail_index

pytestmark = pytest.mark.slow

LAGS = (1, 2, 4)
BURST = max(LAGS) + 2
EVERY = 9
RECORDS = 18
WINDOW = 12
BATCH = 10
HALF = 5
EXAMPLES = 60
PER_EXAMPLE = 7
GROUPS = ("0", "2")


class Noted(torch.utils.data.Dataset):
    """Notes which rows are asked for."""

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(5)
        self.inputs = torch.randn(EXAMPLES, 4, generator=generator, dtype=torch.float64)
        self.labels = torch.randint(3, (EXAMPLES,), generator=generator)
        self.asked: list[list[int]] = []

    def __len__(self) -> int:
        return EXAMPLES

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.inputs[index], self.labels[index]

    def __getitems__(self, indices: list[int]) -> list[tuple[Tensor, Tensor]]:
        self.asked.append(indices)
        return [self[index] for index in indices]


@dataclass
class Step:
    """One step of a burst, as it was: flat vectors by group."""

    theta: dict[str, np.ndarray]
    loop: dict[str, np.ndarray]
    first: dict[str, np.ndarray]
    second: dict[str, np.ndarray]
    loss: float
    state: dict[str, dict[str, np.ndarray]]


@dataclass
class Watched:
    """A run, what was kept of it, and its settings by group."""

    data: Any
    settings: dict[str, dict[str, Any]]
    bursts: list[list[Step]] = field(default_factory=list)
    models: list[nn.Module] = field(default_factory=list)
    singles: list[list[int]] = field(default_factory=list)
    probe: Tensor | None = None
    directions: np.ndarray | None = None


def layers(module: nn.Module, of: Callable[[nn.Parameter], Tensor]) -> dict[str, np.ndarray]:
    """A flat vector for each layer, weight first."""
    found: dict[str, list[Tensor]] = {}
    for name, parameter in module.named_parameters():
        found.setdefault(name.split(".")[0], []).append(of(parameter).detach().double().reshape(-1))
    return {group: torch.cat(parts).numpy().copy() for group, parts in found.items()}


OPTIMIZERS: dict[str, Callable[[list[dict[str, Any]]], torch.optim.Optimizer]] = {
    "SGD": lambda groups: torch.optim.SGD(groups, lr=0.1),
    "SGD, weight decay": lambda groups: torch.optim.SGD(groups, lr=0.1, weight_decay=0.1),
    "momentum": lambda groups: torch.optim.SGD(groups, lr=0.1, momentum=0.8),
    "momentum, dampening, decay": lambda groups: torch.optim.SGD(
        groups, lr=0.1, momentum=0.8, dampening=0.3, weight_decay=0.05
    ),
    "Nesterov": lambda groups: torch.optim.SGD(groups, lr=0.1, momentum=0.8, nesterov=True, weight_decay=0.05),
    "Adam": lambda groups: torch.optim.Adam(groups, lr=0.01, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1),
    "AdamW": lambda groups: torch.optim.AdamW(groups, lr=0.01, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1),
}


def watch(out: Path, name: str) -> Watched:
    """A small net in float64; the second layer has a rate of its own."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)).double()
    groups = [{"params": model[0].parameters()}, {"params": model[2].parameters()}]
    optimizer = OPTIMIZERS[name](groups)
    optimizer.param_groups[1]["lr"] *= 0.5
    noted = Noted()
    probe = torch.randn(6, 4, dtype=torch.float64)
    forecast = name.startswith(("SGD", "momentum", "Nesterov"))
    reservoir = Reservoir(
        F.cross_entropy, noted, every=EVERY, lags=LAGS, batch_size=BATCH, window=WINDOW, per_example=PER_EXAMPLE,
        diffusion_work=forecast, directions=2,
    )  # fmt: skip
    monitor = Monitor(Classifier(model, probe), optimizer, out, measures=[Ledger(every=EVERY), reservoir], quiet=True)
    directions = monitor._session.schedule.recorders[1].recorder._plan.directions.numpy()
    settings = dict(zip(GROUPS, [dict(group) for group in optimizer.param_groups], strict=True))
    watched = Watched(None, settings, probe=probe, directions=directions)
    noted.asked.clear()
    order = torch.Generator().manual_seed(9)
    for step in range(EVERY * (RECORDS - 1) + BURST):
        rows = torch.randint(EXAMPLES, (BATCH,), generator=order)
        optimizer.zero_grad()
        F.cross_entropy(model(noted.inputs[rows]), noted.labels[rows]).backward()
        before = {
            "theta": layers(model, lambda p: p),
            "loop": layers(model, lambda p: p.grad),
            "state": {
                key: layers(model, lambda p, key=key: optimizer.state[p].get(key, torch.zeros_like(p)))  # type: ignore[misc]
                for key in ("momentum_buffer", "exp_avg", "exp_avg_sq")
            },
        }
        count = optimizer.state[model[0].weight].get("step", torch.zeros(()))
        before["state"]["step"] = {group: np.array(float(count)) for group in GROUPS}
        twin = copy.deepcopy(model)
        optimizer.step()
        monitor.step()
        if step % EVERY < BURST:
            if step % EVERY == 0:
                watched.bursts.append([])
                watched.models.append(twin)
                watched.singles.append(noted.asked[2])
                noted.asked.pop(2)
            watched.bursts[-1].append(Step(**before, **fresh(twin, noted)))  # type: ignore[arg-type]
        assert not noted.asked
    watched.data = monitor.close().tree["reservoir"].to_dataset()
    return watched


def fresh(model: nn.Module, noted: Noted) -> dict[str, Any]:
    """Gradients of the rows that were asked for, at the same parameters."""
    found: list[dict[str, np.ndarray]] = []
    losses = []
    for _ in range(2):
        rows = noted.asked.pop(0)
        model.zero_grad()
        loss = F.cross_entropy(model(noted.inputs[rows]), noted.labels[rows])
        loss.backward()
        losses.append(loss.item())
        found.append(layers(model, lambda p: p.grad))
    return {"first": found[0], "second": found[1], "loss": sum(losses) / 2}


@pytest.fixture(scope="module", params=OPTIMIZERS)
def watched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Watched]:
    return request.param, watch(tmp_path_factory.mktemp("reservoir") / "run", request.param)


def column(watched: Watched, name: str) -> np.ndarray:
    return np.asarray(watched.data[name].values)


def close(ours: np.ndarray, theirs: Any, rtol: float = 1e-8) -> None:
    theirs = np.asarray(theirs, dtype=float)
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=1e-12 * np.nanmax(np.abs(theirs)))


def penalty(watched: Watched, name: str, group: str) -> float:
    return 0.0 if name == "AdamW" else float(watched.settings[group]["weight_decay"])


def by_record(watched: Watched, each: Callable[[list[Step], str], Any]) -> list[list[Any]]:
    return [[each(burst, group) for group in GROUPS] for burst in watched.bursts]


FINITE = (EXAMPLES - BATCH) / (EXAMPLES - 1)


def noise(step: Step, group: str) -> float:
    """Variance of a whole batch drawn with replacement, mean over the group's parameters."""
    difference = step.first[group] - step.second[group]
    return float(difference @ difference) * HALF / (2 * BATCH) / len(difference)


def test_the_run_is_as_it_was_meant(watched):
    _, run = watched
    assert column(run, "burst_steps").tolist() == [BURST] * RECORDS
    assert run.data["step"].values.tolist() == [EVERY * record for record in range(RECORDS)]
    assert run.data["group"].values.tolist() == list(GROUPS)
    assert run.data["lag"].values.tolist() == [0, *LAGS]
    assert column(run, "skipped_steps").tolist() == column(run, "clipped_steps").tolist() == [0] * RECORDS
    close(column(run, "rate"), [[run.settings[group]["lr"] for group in GROUPS]] * RECORDS)


def test_noise_and_signal(watched):
    name, run = watched

    def signal(step: Step, group: str) -> float:
        pull = penalty(run, name, group) * step.theta[group]
        return float((step.first[group] + pull) @ (step.second[group] + pull)) / len(pull)

    def loop(step: Step, group: str) -> float:
        mean = (step.first[group] + step.second[group]) / 2
        own = (step.first[group] - step.second[group]) / 2
        apart = mean - step.loop[group]
        return float(apart @ apart - own @ own) / len(own)

    for variable, of, factor in (
        ("noise_variance", noise, FINITE), ("signal_variance", signal, 1), ("noise_variance_loop", loop, 1),
    ):  # fmt: skip
        draws = np.array(by_record(run, lambda burst, group, of=of: [of(step, group) for step in burst])) * factor
        close(column(run, variable), draws.mean(-1))
        white = draws.std(-1, ddof=1) / math.sqrt(BURST)
        ours = column(run, f"{variable}_error")
        assert (ours >= white * (1 - 1e-9)).all()  # what the autocorrelation adds
        if variable != "noise_variance_loop":
            tau = column(run, f"{variable}_autocorrelation_time")
            close(ours, white * np.sqrt(tau))
            close(column(run, f"{variable}_effective_samples"), BURST / tau)


def test_covariance_and_autocorrelation(watched):
    _, run = watched
    variance = column(run, "noise_variance_loop")

    def differences(burst: list[Step], group: str) -> list[np.ndarray]:
        return [(step.first[group] + step.second[group]) / 2 - step.loop[group] for step in burst]

    close(column(run, "noise_covariance")[:, :, 0], variance)
    close(column(run, "noise_covariance_error")[:, :, 0], column(run, "noise_variance_loop_error"))
    for place, lag in enumerate(LAGS, start=1):

        def covariance(burst: list[Step], group: str, lag: int = lag) -> float:
            d = differences(burst, group)
            pairs = [d[s] @ d[s + lag] for s in range(BURST - lag)]
            return float(np.mean(pairs)) / len(d[0])

        def error(burst: list[Step], group: str, lag: int = lag) -> float:
            d = differences(burst, group)
            squares = [(d[s] @ d[t]) ** 2 for s, t in itertools.combinations(range(BURST), 2)]
            return math.sqrt(float(np.mean(squares)) / (BURST - lag)) / len(d[0])

        values, errors = np.array(by_record(run, covariance)), np.array(by_record(run, error))
        close(column(run, "noise_covariance")[:, :, place], values)
        close(column(run, "noise_covariance_error")[:, :, place], errors)
        positive = variance > 0
        close(column(run, "noise_autocorrelation")[:, :, place][positive], (values / variance)[positive])
        close(column(run, "noise_autocorrelation_error")[:, :, place][positive], (errors / variance)[positive])
        assert np.isnan(column(run, "noise_autocorrelation")[:, :, place][~positive]).all()


def jackknife(above: list[float], below: list[float]) -> tuple[float, float]:
    """Ratio of means without its bias of order 1/n, and error."""
    n = len(above)
    whole = sum(above) / sum(below)
    out = [(sum(above) - a) / (sum(below) - b) for a, b in zip(above, below, strict=True)]
    mean = sum(out) / n
    return n * whole - (n - 1) * mean, math.sqrt((n - 1) / n * sum((each - mean) ** 2 for each in out))


def test_noise_scales(watched):
    name, run = watched
    kept: dict[str, tuple[list[float], list[float]]] = {group: ([], []) for group in GROUPS}
    for record, burst in enumerate(run.bursts):
        for place, group in enumerate(GROUPS):
            pulls = [penalty(run, name, group) * step.theta[group] for step in burst]
            traces = [BATCH * noise(step, group) * len(pull) for step, pull in zip(burst, pulls, strict=True)]
            squares = [
                float((step.first[group] + pull) @ (step.second[group] + pull))
                for step, pull in zip(burst, pulls, strict=True)
            ]
            value, error = jackknife(traces, squares)
            assert column(run, "gradient_noise_scale")[record, place] == pytest.approx(value, rel=1e-6)
            assert column(run, "gradient_noise_scale_error")[record, place] == pytest.approx(error, rel=1e-6)
            kept[group][0].append(sum(traces) / BURST)
            kept[group][1].append(sum(squares) / BURST)
            if record > 0:
                value, error = jackknife(*kept[group])
            assert column(run, "gradient_noise_scale_pooled")[record, place] == pytest.approx(value, rel=1e-6)
            assert column(run, "gradient_noise_scale_pooled_error")[record, place] == pytest.approx(error, rel=1e-6)


def moving(name: str, burst: list[Step]) -> list[Step]:
    """Steps before which the optimiser had its buffers."""
    late = name.startswith(("Adam", "momentum", "Nesterov")) and float(burst[0].state["step"]["0"]) == 0
    buffered = name.startswith("Adam") or any(burst[0].state["momentum_buffer"][group].any() for group in GROUPS)
    return burst[1:] if (late and not buffered) or (float(name.startswith("Adam")) and late) else burst


def preconditioner(run: Watched, step: Step, group: str) -> np.ndarray:
    settings = run.settings[group]
    corrected = step.state["exp_avg_sq"][group] / (1 - settings["betas"][1] ** float(step.state["step"][group]))
    return np.asarray(1 / (np.sqrt(corrected) + settings["eps"]))


def test_noise_temperature(watched):
    name, run = watched
    for record, burst in enumerate(run.bursts):
        for place, group in enumerate(GROUPS):
            settings = run.settings[group]
            rate, beta = settings["lr"], settings.get("momentum", 0)
            steps = moving(name, burst) if name.startswith("Adam") else burst
            draws = []
            for step in steps:
                if name.startswith("Adam"):
                    d = step.first[group] - step.second[group]
                    weighted = preconditioner(run, step, group) * d**2
                    draws.append(rate / 2 * weighted.mean() * HALF / (2 * BATCH) * FINITE)
                else:
                    taken = rate if settings["nesterov"] else rate * (1 - settings["dampening"] * (beta > 0))
                    draws.append(taken * noise(step, group) * FINITE / (2 * (1 - beta)))
            assert column(run, "temperature_noise")[record, place] == pytest.approx(np.mean(draws), rel=1e-8)


def test_kinetic_temperature(watched):
    name, run = watched
    for record, burst in enumerate(run.bursts):
        for place, group in enumerate(GROUPS):
            settings = run.settings[group]
            rate = settings["lr"]
            draws = []
            for step in moving(name, burst):
                gradient = step.loop[group] + penalty(run, name, group) * step.theta[group]
                if name.startswith("Adam"):
                    beta = settings["betas"][0]
                    square = (preconditioner(run, step, group) * step.state["exp_avg"][group] ** 2).mean()
                    draws.append(rate / 2 * (1 + beta) / (1 - beta) * square)
                    continue
                beta, tau = settings["momentum"], settings["dampening"]
                buffer = (step.state["momentum_buffer"][group] ** 2).mean()
                if settings["nesterov"]:
                    draws.append(rate / 2 * (gradient**2).mean() + rate / 2 * beta * (1 + beta) * buffer)
                elif beta:
                    draws.append(rate / 2 * (1 + beta) / (1 - tau) * buffer)
                else:
                    draws.append(rate / 2 * (gradient**2).mean())
            assert column(run, "temperature_kinetic")[record, place] == pytest.approx(np.mean(draws), rel=1e-8)


def test_configurational_temperature(watched):
    """Whole covariance of the window, and its bias by leaving out blocks of records, with the vectors themselves."""
    name, run = watched
    assert np.isnan(column(run, "temperature_configurational")[: FEWEST_RECORDS - 1]).all()
    for record in range(FEWEST_RECORDS - 1, RECORDS):
        window = run.bursts[max(0, record - WINDOW + 1) : record + 1]
        for place, group in enumerate(GROUPS):
            decay = penalty(run, name, group)
            theta = np.array([[step.theta[group] for step in burst] for burst in window])
            force = np.array(
                [[(s.first[group] + s.second[group]) / 2 + decay * s.theta[group] for s in b] for b in window]
            )

            blocks, length = 4, len(window) // 4
            first = len(window) - blocks * length
            used, forces = theta[first:], force[first:]
            left = []
            for block in range(blocks):
                keep = np.ones(len(used), dtype=bool)
                keep[block * length : (block + 1) * length] = False
                left.append(covariance_of_window(used[keep], forces[keep]))
            value = covariance_of_window(theta, force)
            value += (blocks - 1) * (covariance_of_window(used, forces) - float(np.mean(left)))
            ours = column(run, "temperature_configurational")[record, place]
            assert ours == pytest.approx(value, rel=1e-7), (record, group)


def test_fluctuation_dissipation(watched):
    name, run = watched
    assert np.isnan(column(run, "fdr_ratio")[0]).all()
    for record in range(1, RECORDS):
        for place, group in enumerate(GROUPS):
            settings = run.settings[group]
            rate = settings["lr"]
            ends = run.bursts[record - 1], run.bursts[record]
            squares = [float(burst[0].theta[group] @ burst[0].theta[group]) for burst in ends]
            if name.startswith("Adam"):
                moved = [
                    np.mean([((b.theta[group] - a.theta[group]) ** 2).sum() for a, b in itertools.pairwise(burst)])
                    for burst in ends
                ]
                value = 1 - (squares[1] - squares[0]) / (EVERY * np.mean(moved))
            else:
                beta, tau = settings["momentum"], settings["dampening"]
                kept = [
                    [step.loop[group] + penalty(run, name, group) * step.theta[group] for step in moving(name, burst)]
                    for burst in ends
                ]
                gradient = float(np.mean([np.mean([g @ g for g in of]) for of in kept]))
                velocities = [[s.state["momentum_buffer"][group] for s in moving(name, burst)] for burst in ends]
                buffer = float(np.mean([np.mean([v @ v for v in of]) for of in velocities]))
                begin = [burst[0].state["momentum_buffer"][group] for burst in ends]
                ahead = rate * beta if settings["nesterov"] else 0.0
                x = [burst[0].theta[group] + ahead * v for burst, v in zip(ends, begin, strict=True)]
                places = [float(y @ y) for y in x]
                along = [float(y @ v) for y, v in zip(x, begin, strict=True)]
                lost = (1 - beta) * (places[1] - places[0]) / (2 * rate) - beta * (along[1] - along[0])
                if settings["nesterov"]:
                    lost += ahead * beta * (begin[1] @ begin[1] - begin[0] @ begin[0]) / 2
                    kinetic = rate / 2 * gradient + rate / 2 * beta * (1 + beta) * buffer
                elif beta:
                    kinetic = rate / 2 * (1 + beta) / (1 - tau) * buffer
                else:
                    kinetic = rate / 2 * gradient
                value = 1 - lost / EVERY / (1 - tau) / kinetic
            assert column(run, "fdr_ratio")[record, place] == pytest.approx(value, rel=1e-7), (record, group)


def test_participation_ratio_and_tail_index(watched):
    _, run = watched
    above: dict[str, list[float]] = {group: [] for group in GROUPS}
    below: dict[str, list[float]] = {group: [] for group in GROUPS}
    norms: dict[str, list[list[float]]] = {group: [] for group in GROUPS}
    for record, burst in enumerate(run.bursts):
        for place, group in enumerate(GROUPS):
            d = [step.first[group] - step.second[group] for step in burst]
            pairs = list(itertools.combinations(range(BURST), 2))
            above[group].append(float(np.mean([(d[s] @ d[s]) * (d[t] @ d[t]) for s, t in pairs])))
            below[group].append(float(np.mean([(d[s] @ d[t]) ** 2 for s, t in pairs])))
            scale = math.sqrt(np.mean([each @ each for each in d]))
            norms[group].append([math.sqrt(each @ each) / scale for each in d])
            for of in (above, below, norms):
                of[group] = of[group][-WINDOW:]  # type: ignore[index]
            if record < 2:
                assert np.isnan(column(run, "participation_ratio")[record, place])
            else:
                value, error = jackknife(above[group], below[group])
                assert column(run, "participation_ratio")[record, place] == pytest.approx(value, rel=1e-8)
                assert column(run, "participation_ratio_error")[record, place] == pytest.approx(error, rel=1e-6)
            assert WINDOW * BURST < FEWEST_NORMS
            assert np.isnan(column(run, "tail_index")[record, place])


def test_force_energy_and_projections(watched):
    name, run = watched
    for record, burst in enumerate(run.bursts):
        whole = 0.0
        for place, group in enumerate(GROUPS):
            decay = penalty(run, name, group)
            forces = np.array([(s.first[group] + s.second[group]) / 2 + decay * s.theta[group] for s in burst])
            assert column(run, "max_force")[record, place] == pytest.approx(np.abs(forces.mean(0)).max(), rel=1e-8)
            start = 0 if place == 0 else len(run.bursts[0][0].theta[GROUPS[0]])
            u = run.directions[:, start : start + forces.shape[1]]
            np.testing.assert_allclose(u @ u.T, np.eye(len(u)), atol=1e-12)
            close(column(run, "projection_position")[record, place], u @ burst[0].theta[group])
            close(column(run, "projection_force")[record, place], -forces[0] @ u.T)
            error = (forces @ u.T).std(0, ddof=1)
            close(column(run, "projection_force_error")[record, place], error)
            whole += decay / 2 * float(burst[0].theta[group] @ burst[0].theta[group])
        losses = [step.loss for step in burst]
        assert column(run, "reservoir_energy")[record] == pytest.approx(np.mean(losses) + whole, rel=1e-9)
        error = np.std(losses, ddof=1) / math.sqrt(BURST)
        assert column(run, "reservoir_energy_error")[record] == pytest.approx(error, rel=1e-9)


def test_single_examples(watched):
    _, run = watched
    noted = Noted()
    for record, (model, rows) in enumerate(zip(run.models, run.singles, strict=True)):
        assert len(rows) == PER_EXAMPLE
        gradients: dict[str, list[np.ndarray]] = {group: [] for group in GROUPS}
        for row in rows:
            model.zero_grad()
            F.cross_entropy(model(noted.inputs[[row]]), noted.labels[[row]]).backward()
            for group, vector in layers(model, lambda p: p.grad).items():
                gradients[group].append(vector)
        for place, group in enumerate(GROUPS):
            variance = np.var(gradients[group], axis=0, ddof=1).mean() / BATCH * FINITE
            assert column(run, "noise_variance_per_example")[record, place] == pytest.approx(variance, rel=1e-8)


def product(p: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """Covariance under p of two logit tangents, mean over inputs."""
    mean_x, mean_y = (p * x).sum(1, keepdims=True), (p * y).sum(1, keepdims=True)
    return float((p * (x - mean_x) * (y - mean_y)).sum(1).mean())


def gradient_of(z: Tensor, model: nn.Module) -> np.ndarray:
    """Of one number, flat."""
    found = torch.autograd.grad(z, list(model.parameters()), retain_graph=True)
    return np.concatenate([g.numpy().reshape(-1) for g in found])


def covariance_of_window(theta: np.ndarray, force: np.ndarray) -> float:
    """⟨(θ − θ̄)·∇U⟩ per parameter over (records, steps, parameters)."""
    mean = theta.mean((0, 1))
    return float(((theta - mean) * (force - force.mean((0, 1)))).mean())


def test_predicted_works(watched):
    """By the whole Jacobian of the probe's logits, at every step at which the work is predicted."""
    name, run = watched
    if name.startswith("Adam"):
        assert "work_drift" not in run.data
        return
    assert run.probe is not None
    record = 3
    model, burst = run.models[record], run.bursts[record]
    drift, diffusion = [], []
    for step in burst:  # a burst of six: every step
        flat = torch.cat([torch.from_numpy(step.theta[group]) for group in GROUPS])
        torch.nn.utils.vector_to_parameters(flat, model.parameters())
        logits = model(run.probe)
        p = torch.softmax(logits, -1).detach().numpy()
        jacobian = np.array([[gradient_of(z, model) for z in row] for row in logits])
        moves = []
        for gradient in (step.first, step.second):
            parts = []
            for group in GROUPS:
                settings = run.settings[group]
                beta, tau = settings["momentum"], settings["dampening"]
                response = settings["lr"] * (1 - tau) / (1 - beta)
                parts.append(response * (gradient[group] + penalty(run, name, group) * step.theta[group]))
            moves.append(np.concatenate(parts))
        drift.append(product(p, jacobian @ moves[0], jacobian @ moves[1]) / 2)
        half = jacobian @ (moves[0] - moves[1]) / 2
        diffusion.append(product(p, half, half) / 2 * 2 * HALF / BATCH * FINITE)
    assert column(run, "work_drift")[record] == pytest.approx(np.mean(drift), rel=1e-7)
    assert column(run, "work_diffusion")[record] == pytest.approx(np.mean(diffusion), rel=1e-7)
    error = np.std(drift, ddof=1) / math.sqrt(BURST)
    assert column(run, "work_drift_error")[record] == pytest.approx(error, rel=1e-7)


def test_the_tail_index_is_that_of_the_norms(tmp_path):
    """Longer bursts, so that there are norms enough."""
    torch.manual_seed(0)
    model = nn.Linear(4, 3).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    noted = Noted()
    reservoir = Reservoir(F.cross_entropy, noted, every=25, lags=(1, 20), batch_size=BATCH, window=8)
    monitor = Monitor(Classifier(model, noted.inputs), optimizer, tmp_path / "run", measures=[reservoir], quiet=True)
    noted.asked.clear()
    norms: list[list[float]] = []
    for step in range(25 * 7):
        rows = torch.randint(EXAMPLES, (BATCH,))
        optimizer.zero_grad()
        F.cross_entropy(model(noted.inputs[rows]), noted.labels[rows]).backward()
        twin = copy.deepcopy(model)
        optimizer.step()
        monitor.step()
        if step % 25 < 22:
            norms += [[]] if step % 25 == 0 else []
            found = fresh(nn.Sequential(twin), noted)
            norms[-1].append(float(np.linalg.norm(found["first"]["0"] - found["second"]["0"])))
    data = monitor.close().tree["reservoir"]
    scaled = np.concatenate([np.array(of) / np.median(of) for of in norms])
    wanted = tail_index(scaled)
    assert float(data["tail_index"][-1, 0]) == pytest.approx(wanted.value, rel=1e-8)
    assert float(data["tail_index_error"][-1, 0]) == pytest.approx(wanted.error, rel=1e-8)


def test_the_full_force_is_that_of_every_example(tmp_path):
    torch.manual_seed(0)
    model = nn.Linear(4, 3).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, weight_decay=0.2)
    noted = Noted()
    reservoir = Reservoir(
        F.cross_entropy, noted, every=9, lags=LAGS, batch_size=BATCH, force="full", groups="parameter"
    )
    monitor = Monitor(Classifier(model, noted.inputs), optimizer, tmp_path / "run", measures=[reservoir], quiet=True)
    kept = []
    for step in range(20):
        if step % 9 == 0:
            twin = copy.deepcopy(model)
            squares = sum(p.square().sum() for p in twin.parameters())
            energy = F.cross_entropy(twin(noted.inputs), noted.labels) + 0.1 * squares
            energy.backward()
            kept.append((energy.item(), [p.grad for p in twin.parameters()]))
        rows = torch.randint(EXAMPLES, (BATCH,))
        optimizer.zero_grad()
        F.cross_entropy(model(noted.inputs[rows]), noted.labels[rows]).backward()
        optimizer.step()
        monitor.step()
    data = monitor.close().tree["reservoir"]
    assert data["group"].values.tolist() == ["weight", "bias"]
    for record in range(2):
        energy, forces = kept[record]
        assert float(data["reservoir_energy"][record]) == pytest.approx(energy, rel=1e-12)
        for place, force in enumerate(forces):
            greatest, square = float(force.abs().max()), float(force.square().mean())
            assert float(data["max_force"][record, place]) == pytest.approx(greatest, rel=1e-10)
            assert float(data["signal_variance_full"][record, place]) == pytest.approx(square, rel=1e-10)
    assert data["max_force"].attrs["kind"] == data["reservoir_energy"].attrs["kind"] == "exact"
