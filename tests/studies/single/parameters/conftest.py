"""Records of SGD on a quadratic, simulated and measured as a monitor would, by the schema; noise of any make."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy import ndarray

from szilard import reservoir
from szilard.monitor.reservoir.schema import UNDEFINED, reservoir_group
from szilard.reservoir.noise import half_batch_draws, noise_from_draws
from szilard.reservoir.replicates import mean_of, ratio_of_means

LAGS = tuple(range(11))
BURST = len(LAGS) + 1
WINDOW = 32
DIRECTIONS = 4
BATCH = 32

Noise = Callable[[np.random.Generator, int, int], ndarray]
"""Unit noise shaped (steps, d) from a generator."""


def white(generator: np.random.Generator, steps: int, d: int) -> ndarray:
    return generator.normal(size=(steps, d))


def ar1(correlation: float) -> Noise:
    """Stationary, of variance one, with ρ(h) = correlation^h."""

    def make(generator: np.random.Generator, steps: int, d: int) -> ndarray:
        fresh = generator.normal(size=(steps, d)) * np.sqrt(1 - correlation**2)
        fresh[0] /= np.sqrt(1 - correlation**2)
        for t in range(1, steps):
            fresh[t] += correlation * fresh[t - 1]
        return fresh

    return make


def epochs(batches: int) -> Noise:
    """Batches of a data set that is shuffled anew every epoch: their noises add up to zero in each."""

    def make(generator: np.random.Generator, steps: int, d: int) -> ndarray:
        whole = -(-steps // batches)
        data = generator.normal(size=(batches, d))
        data -= data.mean(0)
        data /= data.std()
        order = np.concatenate([generator.permutation(batches) for _ in range(whole)])
        return data[order[:steps]]

    return make


def heavy(freedom: float) -> Noise:
    """One heavy-tailed length for all coordinates of a step."""

    def make(generator: np.random.Generator, steps: int, d: int) -> ndarray:
        return generator.normal(size=(steps, d)) * np.abs(generator.standard_t(freedom, size=(steps, 1)))

    return make


@dataclass(frozen=True)
class Layer:
    """A group of parameters with curvature, noise and start of its own.

    Attributes:
        d: parameters.
        curvature: of each, or one for all.
        scale: standard deviation of the noise, of each or one for all.
        noise: how it correlates.
        start: of every parameter; None starts in the stationary state.
        turn: antisymmetric part of the force's matrix, in the first two parameters.
    """

    d: int = 24
    curvature: Any = 0.4
    scale: Any = 1.0
    noise: Noise = white
    start: float | None = None
    turn: float = 0.0

    def matrix(self) -> ndarray:
        matrix = np.diag(np.broadcast_to(np.asarray(self.curvature, dtype=float), self.d)).copy()
        if self.turn:
            matrix[0, 1] += self.turn
            matrix[1, 0] -= self.turn
        return matrix


TWO = (Layer(), Layer(d=16))


@dataclass(frozen=True)
class Setting:
    """A training.

    Attributes:
        layers: its groups.
        rate: r.
        records: of the reservoir.
        every: training steps between them.
        growth: factor by which the noise's variance grows from the first record to the last.
        loop: factor on the loop's noise alone, as with other data.
        full: whether the force is that of all examples.
        replacement: what the record says of how the loop draws.
        seed: of all.
        extra: further root attributes.
    """

    layers: Sequence[Layer] = TWO
    rate: float = 0.1
    records: int = 80
    every: int = 40
    growth: float | Callable[[ndarray], ndarray] = 1.0
    loop: float = 1.0
    seed: int = 0
    full: bool = False
    replacement: bool = True
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass
class Trace:
    """What the loop did: θ before each step, its gradients, the amplitude of the noise at each step."""

    theta: ndarray
    gradient: ndarray
    amplitude: ndarray


def run(setting: Setting, layer: Layer, generator: np.random.Generator) -> Trace:
    """Plain SGD."""
    burn = 0 if layer.start is not None else 400
    steps = setting.every * (setting.records - 1) + BURST + burn
    time = np.clip((np.arange(steps) - burn) / max(setting.every * (setting.records - 1), 1), 0, 1)
    growth = setting.growth(time) if callable(setting.growth) else setting.growth**time
    amplitude = np.sqrt(growth)[:, None] * np.broadcast_to(np.asarray(layer.scale, dtype=float), layer.d)
    noise = layer.noise(generator, steps, layer.d) * amplitude * setting.loop
    matrix, theta = layer.matrix(), np.full(layer.d, layer.start or 0.0)
    path, gradients = np.empty((steps, layer.d)), np.empty((steps, layer.d))
    for t in range(steps):
        path[t] = theta
        gradients[t] = matrix @ theta + noise[t]
        theta = theta - setting.rate * gradients[t]
    return Trace(path[burn:], gradients[burn:], amplitude[burn:])


def measured(setting: Setting, layer: Layer, generator: np.random.Generator) -> dict[str, ndarray]:
    """Every column of one group, (records, …)."""
    trace, matrix = run(setting, layer, generator), layer.matrix()
    dynamics = reservoir.Dynamics("sgd", setting.rate)
    at = setting.every * np.arange(setting.records)[:, None] + np.arange(BURST)
    theta, loop, amplitude = trace.theta[at], trace.gradient[at], trace.amplitude[at]
    force = theta @ matrix.T
    first, second = (force + np.sqrt(2) * amplitude * generator.normal(size=theta.shape) for _ in range(2))
    fresh = 0.5 * (first + second)
    noises, signals = half_batch_draws(first, second)
    differences = fresh - loop
    gram = differences @ differences.swapaxes(-1, -2)
    columns: dict[str, Any] = {}

    def put(name: str, value: Any, error: Any = None) -> None:
        columns.setdefault(name, []).append(value)
        if error is not None:
            columns.setdefault(f"{name}_error", []).append(error)

    # Orthonormal; a layer of fewer parameters has no further directions, along which nothing moves.
    directions = np.zeros((DIRECTIONS, layer.d))
    spanned = min(DIRECTIONS, layer.d)
    directions[:spanned] = np.linalg.qr(generator.normal(size=(layer.d, spanned)))[0].T
    for k in range(setting.records):
        _burst(put, dynamics, noises[k], signals[k], gram[k], loop[k], layer.d)
        _windows(put, k, noises, signals, differences, theta, fresh)
        _relation(put, k, setting, trace, loop[k])
        put("max_force", float(np.abs(fresh[k].mean(0)).max()))
        along = fresh[k] @ directions.T
        put("projection_position", theta[k, 0] @ directions.T)
        put("projection_force", -along[0], along.std(0, ddof=1))
        for name in ("noise_variance", "signal_variance", "temperature_kinetic"):
            put(f"{name}_autocorrelation_time", 1.0)
            put(f"{name}_effective_samples", float(BURST))
        put("rate", setting.rate)
        put("unseen_parameters", 0.0)
        put("temperature_share", 1.0)
    return {name: np.array(values, dtype=float) for name, values in columns.items()}


def _burst(put: Any, dynamics: Any, noises: ndarray, signals: ndarray, gram: ndarray, loop: ndarray, d: int) -> None:
    found = noise_from_draws(noises, signals)
    put("noise_variance", found.noise.value, found.noise.error)
    put("signal_variance", found.signal.value, found.signal.error)
    lone = mean_of(np.diagonal(gram) / d - noises)
    put("noise_variance_loop", lone.value, lone.error)
    scale = reservoir.noise_scale(found, BATCH)
    put("gradient_noise_scale", scale.value, scale.error)
    covariance = reservoir.covariance_of_gram(gram, LAGS, d)
    put("noise_covariance", covariance.value, covariance.error)
    correlation = reservoir.noise_autocorrelation(gram, LAGS)
    put("noise_autocorrelation", correlation.value, correlation.error)
    heat = dynamics.noise_temperature(1.0)
    put("temperature_noise", heat * found.noise.value, heat * found.noise.error)
    kinetic = mean_of(dynamics.kinetic(np.square(loop).mean(1)))
    put("temperature_kinetic", kinetic.value, kinetic.error)


def _windows(put: Any, k: int, noises: ndarray, signals: ndarray, differences: ndarray, theta: ndarray,
             fresh: ndarray) -> None:  # fmt: skip
    pooled = ratio_of_means(BATCH * noises[: k + 1].mean(1), signals[: k + 1].mean(1)) if k else None
    put("gradient_noise_scale_pooled", *((pooled.value, pooled.error) if pooled else (np.nan, np.nan)))
    window = slice(max(0, k + 1 - WINDOW), k + 1)
    vectors = differences[window].reshape(-1, differences.shape[-1])
    shape = reservoir.participation_ratio(vectors[:: max(1, len(vectors) // 200)])
    put("participation_ratio", shape.value, shape.error)
    tail = reservoir.tail_index(np.linalg.norm(vectors, axis=1)) if len(vectors) > 100 else None
    put("tail_index", *((tail.value, tail.error) if tail else (np.nan, np.nan)))
    if k >= 7:
        heat = reservoir.configurational_temperature(theta[window, 0], fresh[window, 0])
        values = (heat.value.value, heat.value.error, heat.autocorrelation_time, heat.effective_samples)
    else:
        values = (np.nan,) * 4
    put("temperature_configurational", *values[:2])
    put("temperature_configurational_autocorrelation_time", values[2])
    put("temperature_configurational_effective_samples", values[3])


def _relation(put: Any, k: int, setting: Setting, trace: Trace, loop: ndarray) -> None:
    if not k:
        return put("fdr_ratio", np.nan, np.nan)
    ends = [float(np.square(trace.theta[step]).sum()) for step in (setting.every * (k - 1), setting.every * k)]
    steps = slice(setting.every * (k - 1), setting.every * k)
    square = float(np.square(trace.gradient[steps]).sum()) / setting.every
    ratio = 1 - (ends[1] - ends[0]) / (setting.every * setting.rate**2 * square)
    spread = float(np.square(loop).sum(1).std(ddof=1)) / np.sqrt(BURST) / square
    return put("fdr_ratio", ratio, abs(1 - ratio) * spread)


SIMULATED: list[tuple[Setting, xr.Dataset]] = []
"""What has been simulated: many tests ask for the same training."""


def dataset(setting: Setting) -> xr.Dataset:
    """The group ``reservoir``; a copy, which a test may change."""
    wanted = dataclasses.replace(setting, extra={})
    for known, group in SIMULATED:
        if same(known, wanted):
            return group.copy(deep=True)
    SIMULATED.append((wanted, simulated(wanted)))
    return SIMULATED[-1][1].copy(deep=True)


def same(one: Setting, other: Setting) -> bool:
    """Whether two trainings are the same; growths and noises are where they are the same function."""
    try:
        return one == other
    except ValueError:  # arrays of curvatures, which have no one truth
        return False


def simulated(setting: Setting) -> xr.Dataset:
    """The group ``reservoir``."""
    generator = np.random.default_rng(setting.seed)
    found = [measured(setting, layer, generator) for layer in setting.layers]
    group = reservoir_group(len(found), LAGS, DIRECTIONS, full=setting.full)
    steps = setting.every * np.arange(setting.records)
    once: dict[str, ndarray] = {
        "interval": np.r_[0, np.full(setting.records - 1, setting.every)],
        "burst_steps": np.full(setting.records, BURST),
        "skipped_steps": np.zeros(setting.records, dtype=int),
        "clipped_steps": np.zeros(setting.records, dtype=int),
        "reservoir_energy": np.zeros(setting.records),
        "reservoir_energy_error": np.zeros(setting.records),
        "signal_variance_full": np.zeros((setting.records, len(found))),
    }
    variables = {}
    for name, variable in group.columns():
        values = once[name] if name in once else np.stack([each[name] for each in found], 1)
        assert name in UNDEFINED or np.isfinite(values).all(), name
        variables[name] = (("step", *variable.dims), values)
    return xr.Dataset(variables, {"step": steps, **{key: list(values) for key, values in group.coordinates.items()}})


def attributes(setting: Setting) -> dict[str, Any]:
    names = [f"layer{index}" for index in range(len(setting.layers))]
    return {
        "coordinate_names": {"reservoir/group": names},
        "reservoir": {
            "groups": names,
            "parameters": [layer.d for layer in setting.layers],
            "batch_size": BATCH,
            "optimizer": {"kind": "sgd", "rate": setting.rate, "momentum": 0.0},
            "clipped": False,
            "replacement": setting.replacement,
            "force": "full" if setting.full else "sample",
            "lags": list(LAGS),
        },
        **setting.extra,
    }


@pytest.fixture(scope="session")
def attached() -> Callable[..., xr.DataTree]:
    """A record of a single run with the group ``reservoir`` of a simulated training beside its ledger."""

    def make(ledger: xr.DataTree, setting: Setting) -> xr.DataTree:
        groups = {name: ledger[name].to_dataset() for name in ledger.children}
        tree = xr.DataTree.from_dict({**groups, "reservoir": dataset(setting)})
        tree.attrs = {**ledger.attrs, **attributes(setting)}
        return tree

    return make


@pytest.fixture(scope="session")
def makers() -> dict[str, Any]:
    """The settings and noises above, for tests."""
    return {
        "Setting": Setting, "Layer": Layer, "white": white, "ar1": ar1, "epochs": epochs, "heavy": heavy,
    }  # fmt: skip
