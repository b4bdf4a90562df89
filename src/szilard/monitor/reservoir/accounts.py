"""From bursts to rows: the statistics of what a burst gathered, on the host, in the record's columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.estimate import Estimate
from szilard.monitor.reservoir.burst import NORMS, Burst, Gathered, Plan
from szilard.monitor.reservoir.memory import remembered_average
from szilard.monitor.reservoir.relation import End, relation
from szilard.monitor.reservoir.window import NOTHING, Blocks, Window, finite
from szilard.monitor.rows import Value
from szilard.reservoir.dynamics import Dynamics
from szilard.reservoir.noise import examples_noise
from szilard.reservoir.ratio import mean_of, ratio_of_means
from szilard.reservoir.time_average import TimeAverage, time_average

_SAME_NORM = 1e-5
"""Relative, within which two steps' gradients have one norm: that is what clipping leaves."""

_FEWEST_MOVES = 2
"""Steps of a burst at which a parameter must have its optimiser's state, to have a temperature."""
_NO_AVERAGE = TimeAverage(NOTHING, math.nan, math.nan)


@final
@dataclass(frozen=True, slots=True)
class Batching:
    """How the loop draws.

    Attributes:
        size: |b|, of a batch.
        examples: N, of the data.
        replacement: whether batches are drawn with replacement.
        half: examples in each fresh batch.
    """

    size: int
    examples: int
    replacement: bool
    half: int

    @property
    def finite_population(self) -> float:
        """What drawing without replacement leaves of the variance, ``(N − |b|)/(N − 1)``."""
        if self.replacement:
            return 1.0
        return max(self.examples - self.size, 0) / max(self.examples - 1, 1)


@final
class Accounts:
    """Turns bursts into rows, in their order; remembers what later rows need.

    Args:
        plan: of all bursts.
        batching: of the loop.
        lags: of the covariance, 0 first.
        window: records in the moving window.
    """

    def __init__(self, plan: Plan, batching: Batching, lags: Sequence[int], window: int) -> None:
        self._plan, self._batching, self._lags = plan, batching, tuple(lags)
        tracked = plan.tracked
        self._counts = tracked.counts
        self._groups = len(tracked.groups)
        sampled = plan.sample.sizes.astype(int)
        self._windows = [Window(window, count, size) for count, size in zip(self._counts, sampled, strict=True)]
        self._pooled = [Blocks() for _ in range(self._groups)]
        self._end: End | None = None

    def row(self, burst: Burst, gathered: Gathered) -> dict[str, Value]:
        """The columns of a burst; waits for the device."""
        norms = gathered.norms.cpu().numpy()
        base: dict[str, Value] = {
            "interval": burst.occasion.interval,
            "burst_steps": burst.steps,
            "skipped_steps": burst.skipped,
        }
        if not np.isfinite(norms).all():
            return base | {"noise_variance": [math.nan] * self._groups}
        squares = {name: np.square(norms[:, index]) for index, name in enumerate(NORMS)}
        dynamics = [settings.dynamics() for settings in burst.settings]
        columns = _Columns(base | {"clipped_steps": _clipped(squares)})
        rates = np.array([[0.0 if d is None else d.rate for d in step] for step in dynamics[:1]])
        tracked = self._plan.tracked
        columns.add("rate", tracked.by_group(rates * tracked.sizes)[0] / self._counts)
        noise, signal = self._noise(columns, squares)
        self._correlation(columns, squares, gathered.grams.cpu().numpy())
        self._scales(columns, noise, signal)
        kinetic = self._temperatures(columns, squares, dynamics, burst.ready)
        self._windowed(columns, squares, gathered)
        self._fluctuation(columns, burst, squares, kinetic, dynamics[0])
        self._force(columns, burst, gathered)
        self._projections(columns, gathered)
        self._extras(columns, burst)
        return columns.values

    def _noise(self, columns: _Columns, squares: dict[str, ndarray]) -> tuple[ndarray, ndarray]:
        """Draws of noise (with replacement) and signal per step and group, and their columns."""
        batching = self._batching
        halves, mean, pair = (self._plan.tracked.by_group(squares[name]) for name in ("halves", "mean", "pair"))
        noise = halves * batching.half / (2 * batching.size) / self._counts
        signal = (mean - halves) / 4 / self._counts
        columns.add_average("noise_variance", time_average(noise * batching.finite_population))
        columns.add_average("signal_variance", time_average(signal))
        loop = (pair - halves) / 4 / self._counts
        columns.add_estimate("noise_variance_loop", time_average(loop).value)
        return noise, signal

    def _correlation(self, columns: _Columns, squares: dict[str, ndarray], grams: ndarray) -> None:
        """By lag: unbiased products on the sample, scaled to the group by the share of it that they are."""
        by_group = self._plan.tracked.by_group(squares["pair"]).sum(0)
        variances = np.array(columns.values["noise_variance_loop"])
        errors = np.array(columns.values["noise_variance_loop_error"])
        products = grams[:, 0] / 4
        steps = products.shape[-1]
        traces = np.trace(products, axis1=1, axis2=2)
        scales = np.divide(by_group / 4, traces, out=np.zeros_like(traces), where=traces > 0) / self._counts
        pairs = products[:, *np.triu_indices(steps, 1)]
        spreads = scales * np.sqrt(np.square(pairs).mean(1))
        covariances = np.stack([np.diagonal(products, lag, 1, 2).mean(1) for lag in self._lags], 1) * scales[:, None]
        spread = spreads[:, None] / np.sqrt(steps - np.array(self._lags))
        covariances[:, 0], spread[:, 0] = variances, errors
        columns.add("noise_covariance", covariances)
        columns.add("noise_covariance_error", spread)
        whole = np.where(variances > 0, variances, math.nan)[:, None]
        correlations, spread = covariances / whole, spread / whole
        correlations[:, 0], spread[:, 0] = whole[:, 0] / whole[:, 0], 0 * whole[:, 0]
        columns.add("noise_autocorrelation", correlations)
        columns.add("noise_autocorrelation_error", spread)

    def _scales(self, columns: _Columns, noise: ndarray, signal: ndarray) -> None:
        traces = noise * self._batching.size
        burst = [finite(ratio_of_means(traces[:, group], signal[:, group])) for group in range(self._groups)]
        columns.add_estimates("gradient_noise_scale", burst)
        for group, pooled in enumerate(self._pooled):
            pooled.add(float(traces[:, group].mean()), float(signal[:, group].mean()))
        every = [pooled.ratio() for pooled in self._pooled]
        first = all(math.isnan(one.value) for one in every)
        columns.add_estimates("gradient_noise_scale_pooled", burst if first else every)

    def _temperatures(
        self,
        columns: _Columns,
        squares: dict[str, ndarray],
        dynamics: list[list[Dynamics | None]],
        ready: list[tuple[bool, ...]],
    ) -> list[Estimate]:
        """Columns of noise and kinetic temperature; of every group the latter's sum over its parameters."""
        tracked, batching = self._plan.tracked, self._batching
        adaptive = any(one is not None and one.adaptive for one in dynamics[0])
        known = {one: _weights(one) for step in dynamics for one in set(step)}
        weights = np.array([[known[one] for one in step] for step in dynamics])  # (steps, parameters, 3)
        halves = squares["preconditioned" if adaptive else "halves"]
        share = batching.half / (2 * batching.size) * batching.finite_population
        noise = weights[..., 0] * halves * share
        kinetic = weights[..., 1] * squares["gradient"] + weights[..., 2] * squares["velocity"]
        there = np.array(ready)  # (steps, parameters)
        noises, kinetics, sums = [], [], []
        for group in range(self._groups):
            members = np.array(tracked.group_of) == group
            moved = members & (there.sum(0) >= _FEWEST_MOVES)
            if adaptive:  # without a state there is no preconditioner; a velocity without one is truly 0
                members = moved
            if not members.any():
                noises.append(_NO_AVERAGE)
                kinetics.append(_NO_AVERAGE)
                sums.append(NOTHING)
                continue
            count, steps = float(tracked.sizes[members].sum()), there[:, moved].all(1)
            draws = noise[:, members].sum(1) / count
            noises.append(time_average(draws[steps] if adaptive else draws))
            of_group = [dynamics[0][index] for index in np.flatnonzero(members)]
            average = remembered_average(kinetic[steps][:, members].sum(1) / count, of_group)
            kinetics.append(average)
            value = average.value
            sums.append(Estimate(value.value * count, value.error * count, value.kind, value.degrees_of_freedom))
        columns.add_estimates("temperature_noise", [average.value for average in noises])
        columns.add_averages("temperature_kinetic", kinetics)
        return sums

    def _windowed(self, columns: _Columns, squares: dict[str, ndarray], gathered: Gathered) -> None:
        tracked, sample = self._plan.tracked, self._plan.sample
        moments, grams = gathered.moments.cpu().numpy(), gathered.grams.cpu().numpy()
        norms = np.sqrt(tracked.by_group(squares["halves"]))
        for group, window in enumerate(self._windows):
            window.add(*moments[:, sample.slices[group]])
            trace = tracked.by_group(squares["halves"])[:, group]
            pairs = len(trace) * (len(trace) - 1)
            above = (trace.sum() ** 2 - np.square(trace).sum()) / pairs
            below = _square_of_covariance(grams[group, 1], grams[group, 2], self._counts[group], sample.sizes[group])
            window.add_noise(float(above), below, norms[:, group])
        averages = [window.temperature() for window in self._windows]
        columns.add_averages("temperature_configurational", averages)
        columns.add_estimates("participation_ratio", [window.participation() for window in self._windows])
        columns.add_estimates("tail_index", [window.tail() for window in self._windows])

    def _fluctuation(
        self,
        columns: _Columns,
        burst: Burst,
        squares: dict[str, ndarray],
        kinetic: list[Estimate],
        dynamics: list[Dynamics | None],
    ) -> None:
        assert burst.start is not None
        tracked = self._plan.tracked
        moved = tracked.by_group(squares["displacement"])[1:]
        of_groups = [[dynamics[i] for i, of in enumerate(tracked.group_of) if of == g] for g in range(self._groups)]
        displacement = [remembered_average(moved[:, g], of).value for g, of in enumerate(of_groups)]
        squares_of, along, velocity = (
            each.cpu().numpy() for each in (burst.start.squares, burst.start.along, burst.start.velocity)
        )
        made, overflows = burst.made
        steps = made - (0 if overflows is None else int(overflows))
        end = End(steps, dynamics, squares_of, along, velocity, kinetic, displacement)
        columns.add_estimates("fdr_ratio", relation(self._end, end, tracked))
        self._end = end

    def _force(self, columns: _Columns, burst: Burst, gathered: Gathered) -> None:
        assert burst.start is not None
        tracked = self._plan.tracked
        greatest = gathered.greatest.cpu().numpy()
        penalty = 0.5 * float(np.dot(burst.settings[0].decays(), burst.start.squares.cpu().numpy()))
        if burst.start.force is not None:
            loss, norms, greatest_of_all = (each.double().cpu().numpy() for each in burst.start.force)
            greatest = greatest_of_all
            columns.add("signal_variance_full", tracked.by_group(np.square(norms)) / self._counts)
            columns.values["reservoir_energy"] = float(loss) + penalty
        else:
            energy = mean_of(np.array([float(loss) for loss in burst.losses]) + penalty)
            columns.values |= {"reservoir_energy": float(energy.value), "reservoir_energy_error": float(energy.error)}
        members = [[i for i, of in enumerate(tracked.group_of) if of == group] for group in range(self._groups)]
        columns.add("max_force", np.array([greatest[of].max() for of in members]))

    def _projections(self, columns: _Columns, gathered: Gathered) -> None:
        if gathered.projected is None:
            return
        positions, gradients = (each.cpu().numpy() for each in gathered.projected)
        columns.add("projection_position", positions)
        # At the very parameters whose position it is: a force a few steps later knows the noise that moved them there.
        columns.add("projection_force", -gradients[..., 0])
        columns.add("projection_force_error", gradients.std(-1, ddof=1))

    def _extras(self, columns: _Columns, burst: Burst) -> None:
        assert burst.start is not None
        batching, tracked = self._batching, self._plan.tracked
        if burst.start.moments is not None:
            squares, along = (tracked.by_group(each.cpu().numpy()) for each in burst.start.moments)
            noises = [
                examples_noise(squares[:, group], along[:, group], int(self._counts[group]), batch=batching.size).noise
                for group in range(self._groups)
            ]
            scale = batching.finite_population
            scaled = [Estimate(scale * one.value, scale * one.error, one.kind) for one in noises]
            columns.add_estimates("noise_variance_per_example", scaled)
        if burst.works:
            draws = np.array([work.cpu().numpy() for work in burst.works])
            draws[:, 1] *= 2 * batching.half / batching.size * batching.finite_population
            for name, of in (("work_drift", draws[:, 0]), ("work_diffusion", draws[:, 1])):
                estimate = mean_of(of)
                columns.values |= {name: float(estimate.value), f"{name}_error": float(estimate.error)}


@final
class _Columns:
    """The row as it grows."""

    def __init__(self, values: dict[str, Value]) -> None:
        self.values = values

    def add(self, name: str, values: Any) -> None:
        self.values[name] = np.asarray(values, dtype=np.float64).tolist()

    def add_estimate(self, name: str, estimate: Estimate) -> None:
        self.add(name, estimate.value)
        self.add(f"{name}_error", estimate.error)

    def add_estimates(self, name: str, estimates: Sequence[Estimate]) -> None:
        self.add(name, [float(one.value) for one in estimates])
        self.add(f"{name}_error", [float(one.error) for one in estimates])

    def add_averages(self, name: str, averages: Sequence[TimeAverage]) -> None:
        self.add_estimates(name, [average.value for average in averages])
        self.add(f"{name}_autocorrelation_time", [average.autocorrelation_time for average in averages])
        self.add(f"{name}_effective_samples", [average.effective_samples for average in averages])

    def add_average(self, name: str, average: TimeAverage) -> None:
        self.add_estimate(name, average.value)
        self.add(f"{name}_autocorrelation_time", average.autocorrelation_time)
        self.add(f"{name}_effective_samples", average.effective_samples)


def _weights(dynamics: Dynamics | None) -> tuple[float, float, float]:
    """What a unit of noise variance, of g² and of v² is as temperature."""
    if dynamics is None:
        return 0.0, 0.0, 0.0
    return dynamics.noise_temperature(1.0), dynamics.gradient_weight, dynamics.buffer_weight


def _clipped(squares: dict[str, ndarray]) -> int:
    """Steps of one norm with another, unless there is no noise that could tell them apart."""
    norms = np.sqrt(squares["raw"].sum(-1))
    if squares["halves"].sum() <= _SAME_NORM * squares["raw"].sum():
        return 0
    apart = np.abs(norms[:, None] - norms[None, :]) + np.diag(np.full(len(norms), np.inf))
    return int((apart.min(1) <= _SAME_NORM * norms).sum())


def _square_of_covariance(
    gram: Float[ndarray, "steps steps"], squares: Float[ndarray, "steps steps"], parameters: float, sampled: float
) -> float:
    """tr C² of a whole group from products on a random sample of it, without bias.

    Squares of the covariance's diagonal are sampled as often as parameters are, all others as often as pairs.
    """
    pairs = ~np.eye(len(gram), dtype=bool)
    diagonal = float(squares[pairs].mean())
    beyond = float(np.square(gram[pairs]).mean()) - diagonal
    if sampled == parameters:
        return diagonal + beyond
    share = parameters / sampled
    return share * diagonal + share * (parameters - 1) / (sampled - 1) * beyond
