"""From bursts to rows: the statistics of what a burst gathered, on the host, in the record's columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import final

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from szilard.estimate import Estimate
from szilard.monitor.reservoir.burst import NORMS, Burst
from szilard.monitor.reservoir.known import Known
from szilard.monitor.reservoir.noise import Batching, RowColumns, add_correlation, add_noise, clipped_steps
from szilard.monitor.reservoir.optimizer_state import OptimizerSettings
from szilard.monitor.reservoir.plan import BurstPlan
from szilard.monitor.reservoir.sums import BurstSums
from szilard.monitor.reservoir.temperatures import add_temperatures, remembered_average
from szilard.monitor.reservoir.window import NOTHING, BlockSums, IntervalEnd, Window, finite, relation
from szilard.monitor.rows import Value
from szilard.reservoir.dynamics import Dynamics
from szilard.reservoir.noise import examples_noise
from szilard.reservoir.replicates import mean_of, ratio_of_means
from szilard.reservoir.time_average import TimeAverage


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
        self._plan, self._batching, self._lags, self._length = plan, batching, tuple(lags), window
        tracked = plan.tracked
        self._groups = len(tracked.groups)
        self._windows: list[Window | None] = [None] * self._groups
        self._pooled = [BlockSums() for _ in range(self._groups)]
        self._counts, self._within = np.zeros(self._groups), np.zeros(0, dtype=bool)
        self._end: IntervalEnd | None = None
        self.known = Known(tracked)

    def row(self, burst: Burst, gathered: BurstSums) -> dict[str, Value] | None:
        """The columns of a burst, waited for; None where one of its gradients was not finite though the model is."""
        tracked, places = self._plan.tracked, burst.part.places
        norms = tracked.spread(gathered.norms.cpu().numpy(), places)
        base: dict[str, Value] = {
            "interval": burst.occasion.interval,
            "burst_steps": burst.steps,
            "skipped_steps": burst.skipped,
        }
        if not bool(gathered.finite):
            return base | {"noise_variance": [math.inf] * self._groups}
        if not np.isfinite(norms).all():
            return None
        squares = {name: np.square(norms[:, index]) for index, name in enumerate(NORMS)}
        trained = np.zeros(len(tracked.parameters), dtype=bool)
        trained[list(places)] = True
        self.known.look(squares)
        unseen = tracked.by_group(self.known.unseen * tracked.sizes)
        counts = tracked.by_group(trained * tracked.sizes)
        self._follow(counts, places)
        dynamics, rates = _motion(burst.settings)
        columns = RowColumns(base | {"clipped_steps": clipped_steps(squares)})
        columns.add("rate", tracked.by_group(rates * tracked.sizes) / tracked.counts)
        columns.add("unseen_parameters", unseen)
        some = np.maximum(counts, 1)
        noise, signal = add_noise(columns, tracked, self._batching, squares, some)
        grams = gathered.grams.cpu().numpy()
        add_correlation(columns, tracked, self._lags, squares, grams, some)
        self._scales(columns, noise, signal, unseen > 0)
        moves = np.array([[one is not None for one in step] for step in dynamics]) & trained & self.known.touched
        ready = np.array([tracked.spread(np.array(step), places) for step in burst.ready])
        kinetic = add_temperatures(columns, tracked, self._batching, squares, dynamics, moves, ready)
        self._windowed(columns, squares, gathered.moments.cpu().numpy(), grams, unseen > 0)
        self._fluctuation(columns, burst, squares, kinetic, dynamics[0])
        self._force(columns, burst, gathered)
        self._projections(columns, gathered)
        self._extras(columns, burst)
        self.known.withhold(columns, burst.settings[0], np.asarray(moves.any(0)))
        return columns.values

    def _follow(self, counts: ndarray, places: Sequence[int]) -> None:
        """Begins windows anew of groups in which parameters were frozen or thawed."""
        if np.array_equal(counts, self._counts):
            return
        self._within = self._plan.sample.within(places)
        for group in np.flatnonzero(counts != self._counts):
            sampled = int(self._within[self._plan.sample.slices[group]].sum())
            self._windows[group] = Window(self._length, counts[group], sampled) if sampled else None
            self._pooled[group] = BlockSums()
        self._counts = counts

    def _scales(self, columns: RowColumns, noise: ndarray, signal: ndarray, unseen: ndarray) -> None:
        traces = noise * self._batching.size
        burst = [finite(ratio_of_means(traces[:, group], signal[:, group])) for group in range(self._groups)]
        columns.add_estimates("gradient_noise_scale", burst)
        for group, pooled in enumerate(self._pooled):
            if unseen[group]:
                continue
            pooled.add(float(traces[:, group].mean()), float(signal[:, group].mean()))
        every = [pooled.ratio() for pooled in self._pooled]
        first = all(math.isnan(one.value) for one in every)
        columns.add_estimates("gradient_noise_scale_pooled", burst if first else every)

    def _windowed(
        self, columns: RowColumns, squares: dict[str, ndarray], moments: ndarray, grams: ndarray, unseen: ndarray
    ) -> None:
        tracked, sample = self._plan.tracked, self._plan.sample
        traces = tracked.by_group(squares["halves"])
        pairs = len(traces) * (len(traces) - 1)
        above = (traces.sum(0) ** 2 - np.square(traces).sum(0)) / pairs
        for group, window in enumerate(self._windows):
            if window is None or unseen[group]:
                continue
            window.add(*moments[:, sample.slices[group]][:, self._within[sample.slices[group]]])
            below = _square_of_covariance(grams[group, 1], grams[group, 2], tracked.counts[group], sample.sizes[group])
            window.add_noise(float(above[group]), below, np.sqrt(traces[:, group]))
        nothing = TimeAverage(NOTHING, math.nan, math.nan)
        of = [
            (w.temperature(), w.participation(), w.tail()) if w else (nothing, NOTHING, NOTHING) for w in self._windows
        ]
        averages, participations, tails = zip(*of, strict=True)
        columns.add_averages("temperature_configurational", averages)
        columns.add_estimates("participation_ratio", participations)
        columns.add_estimates("tail_index", tails)

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
        displacement = [NOTHING] * self._groups
        if any(one is not None and one.adaptive for one in dynamics):
            moved = tracked.by_group(squares["displacement"])[1:]
            of_groups = [[dynamics[i] for i, of in enumerate(tracked.group_of) if of == g] for g in range(self._groups)]
            displacement = [remembered_average(moved[:, g], of).value for g, of in enumerate(of_groups)]
        squares_of, along, velocity = (
            tracked.spread(each.cpu().numpy(), burst.part.places)
            for each in (burst.start.squares, burst.start.along, burst.start.velocity)
        )
        made, overflows = burst.made
        steps = made - (0 if overflows is None else int(overflows))
        end = IntervalEnd(steps, dynamics, squares_of, along, velocity, kinetic, displacement)
        columns.add_estimates("fdr_ratio", relation(self._end, end, tracked))
        self._end = end

    def _force(self, columns: RowColumns, burst: Burst, gathered: BurstSums) -> None:
        assert burst.start is not None
        tracked, places = self._plan.tracked, burst.part.places
        greatest = gathered.greatest.cpu().numpy()
        decays = np.array(burst.settings[0].decays())[list(places)]
        penalty = 0.5 * float(np.dot(decays, burst.start.squares.cpu().numpy()))
        if burst.start.force is not None:
            loss, norms, greatest_of_all = (each.double().cpu().numpy() for each in burst.start.force)
            greatest = greatest_of_all
            squares = tracked.spread(np.square(norms), places)
            columns.add("signal_variance_full", tracked.by_group(squares) / np.maximum(self._counts, 1))
            columns.values["reservoir_energy"] = float(loss) + penalty
        else:
            energy = _energy(torch.stack(burst.losses).cpu().numpy())
            columns.values |= {
                "reservoir_energy": float(energy.value) + penalty, "reservoir_energy_error": float(energy.error)
            }  # fmt: skip
        members = [[i for i, of in enumerate(tracked.group_of) if of == group] for group in range(self._groups)]
        greatest = tracked.spread(greatest, places)
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
            squares, along = (
                tracked.by_group(tracked.spread(each.cpu().numpy(), burst.part.places)) for each in burst.start.moments
            )
            counts = np.maximum(self._counts, 1).astype(int)
            noises = [
                examples_noise(squares[:, group], along[:, group], int(count), batch=batching.size).noise
                for group, count in enumerate(counts)
            ]
            scale = batching.of_loop
            scaled = [Estimate(scale * one.value, scale * one.error, one.kind) for one in noises]
            columns.add_estimates("noise_variance_per_example", scaled)
        if burst.works:
            draws = np.array([work.cpu().numpy() for work in burst.works])
            draws[:, 1] *= 2 * batching.half / batching.size * batching.of_loop
            for name, of in (("work_drift", draws[:, 0]), ("work_diffusion", draws[:, 1])):
                estimate = mean_of(of)
                columns.values |= {name: float(estimate.value), f"{name}_error": float(estimate.error)}


def _motion(settings: Sequence[OptimizerSettings]) -> tuple[list[list[Dynamics | None]], Float[ndarray, " parameters"]]:
    """Of each step the dynamics of all parameters, and their mean rates; made anew only where a setting changed."""
    dynamics: list[list[Dynamics | None]] = []
    rates: list[list[float]] = []
    for place, now in enumerate(settings):
        same = place > 0 and now == settings[place - 1]
        dynamics.append(dynamics[-1] if same else now.dynamics())
        rates.append(rates[-1] if same else now.rates())
    return dynamics, np.array(rates).mean(0)


def _energy(losses: Float[ndarray, "steps 2"]) -> Estimate:
    """Mean loss of fresh batches, over those that have one: where no label of a batch counts there is none."""
    known = np.isfinite(losses)
    some = known.any(1)
    if some.sum() < 2:
        return NOTHING
    return mean_of(np.where(known, losses, 0.0).sum(1)[some] / known.sum(1)[some])


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
