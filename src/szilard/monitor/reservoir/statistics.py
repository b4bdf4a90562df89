"""From bursts to rows: the statistics of what a burst gathered, on the host, in the record's columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.estimate import Estimate
from szilard.monitor.reservoir.burst import NORMS, Burst, BurstSums
from szilard.monitor.reservoir.noise import Batching, RowColumns, add_correlation, add_noise, clipped_steps
from szilard.monitor.reservoir.plan import BurstPlan
from szilard.monitor.reservoir.temperatures import add_temperatures, remembered_average
from szilard.monitor.reservoir.window import BlockSums, IntervalEnd, Window, finite, relation
from szilard.monitor.rows import Value
from szilard.reservoir.dynamics import Dynamics
from szilard.reservoir.noise import examples_noise
from szilard.reservoir.replicates import mean_of, ratio_of_means


@final
class BurstStatistics:
    """Turns bursts into rows, in their order; remembers what later rows need.

    Args:
        plan: of all bursts.
        batching: of the loop.
        lags: of the covariance, 0 first.
        window: records in the moving window.
    """

    def __init__(self, plan: BurstPlan, batching: Batching, lags: Sequence[int], window: int) -> None:
        self._plan, self._batching, self._lags = plan, batching, tuple(lags)
        tracked = plan.tracked
        self._counts = tracked.counts
        self._groups = len(tracked.groups)
        sampled = plan.sample.sizes.astype(int)
        self._windows = [Window(window, count, size) for count, size in zip(self._counts, sampled, strict=True)]
        self._pooled = [BlockSums() for _ in range(self._groups)]
        self._end: IntervalEnd | None = None

    def row(self, burst: Burst, gathered: BurstSums) -> dict[str, Value]:
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
        columns = RowColumns(base | {"clipped_steps": clipped_steps(squares)})
        rates = np.array([[0.0 if d is None else d.rate for d in step] for step in dynamics[:1]])
        tracked = self._plan.tracked
        columns.add("rate", tracked.by_group(rates * tracked.sizes)[0] / self._counts)
        noise, signal = add_noise(columns, tracked, self._batching, squares)
        add_correlation(columns, tracked, self._lags, squares, gathered.grams.cpu().numpy())
        self._scales(columns, noise, signal)
        kinetic = add_temperatures(columns, tracked, self._batching, squares, dynamics, burst.ready)
        self._windowed(columns, squares, gathered)
        self._fluctuation(columns, burst, squares, kinetic, dynamics[0])
        self._force(columns, burst, gathered)
        self._projections(columns, gathered)
        self._extras(columns, burst)
        return columns.values

    def _scales(self, columns: RowColumns, noise: ndarray, signal: ndarray) -> None:
        traces = noise * self._batching.size
        burst = [finite(ratio_of_means(traces[:, group], signal[:, group])) for group in range(self._groups)]
        columns.add_estimates("gradient_noise_scale", burst)
        for group, pooled in enumerate(self._pooled):
            pooled.add(float(traces[:, group].mean()), float(signal[:, group].mean()))
        every = [pooled.ratio() for pooled in self._pooled]
        first = all(math.isnan(one.value) for one in every)
        columns.add_estimates("gradient_noise_scale_pooled", burst if first else every)

    def _windowed(self, columns: RowColumns, squares: dict[str, ndarray], gathered: BurstSums) -> None:
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
        columns: RowColumns,
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
        end = IntervalEnd(steps, dynamics, squares_of, along, velocity, kinetic, displacement)
        columns.add_estimates("fdr_ratio", relation(self._end, end, tracked))
        self._end = end

    def _force(self, columns: RowColumns, burst: Burst, gathered: BurstSums) -> None:
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

    def _projections(self, columns: RowColumns, gathered: BurstSums) -> None:
        if gathered.projected is None:
            return
        positions, gradients = (each.cpu().numpy() for each in gathered.projected)
        columns.add("projection_position", positions)
        # At the very parameters whose position it is: a force a few steps later knows the noise that moved them there.
        columns.add("projection_force", -gradients[..., 0])
        columns.add("projection_force_error", gradients.std(-1, ddof=1))

    def _extras(self, columns: RowColumns, burst: Burst) -> None:
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
