"""Averages over time of one run: temperatures, relations at stationarity, energies."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from szilard import reservoir
from szilard.estimate import Estimate, Kind
from szilard.reservoir.fluctuation_dissipation import Place
from szilard.systems import DraggedTrap, HeavyBall
from szilard.verify.reservoir_case import ObservedRun, ReservoirCase, group
from szilard.verify.row import Comparison

_ROUNDING = 1e-9


def time_rows(case: ReservoirCase, seen: ObservedRun) -> Iterator[Comparison]:
    """Temperatures and the parameters' variance, with errors by their autocorrelation times."""
    truth, dynamics = case.system.exact(), case.dynamics
    theta, force, gradient = group(seen.theta)[:-1], group(seen.force)[:-1], group(seen.gradient)
    squares = np.square(gradient).mean(1)
    buffers = None if seen.buffer is None else np.square(group(seen.buffer)[1:]).mean(1)
    kinetic = reservoir.kinetic_temperature(dynamics, squares, buffers)
    yield Comparison(case.name, "T kinetic", truth["temperature_kinetic"], kinetic.value)
    if isinstance(case.system, HeavyBall | DraggedTrap):
        found = reservoir.noise_temperature(
            dynamics, reservoir.paired_noise(group(seen.first), group(seen.second)).noise
        )
        yield Comparison(case.name, "T of the noise", truth["temperature_noise"], found)
    if case.stationary:
        variance = reservoir.time_average(np.square(theta).mean(1))
        yield Comparison(case.name, "Var θ, time average", truth["parameter_variance"], variance.value)
        configurational = reservoir.configurational_temperature(theta, force)
        yield Comparison(case.name, "T configurational", truth["temperature_configurational"], configurational.value)


def relation_rows(case: ReservoirCase, seen: ObservedRun) -> Iterator[Comparison]:
    """Relations from the two ends of a path, against ⟨θ·g⟩ added up along it: equal to rounding."""
    dynamics = case.dynamics
    theta, gradient = group(seen.theta), group(seen.gradient)
    buffer = np.zeros_like(theta) if seen.buffer is None else group(seen.buffer)
    square = float(np.square(gradient).sum(1).mean())
    buffer_square = float(np.square(buffer[1:]).sum(1).mean())
    start, end = (
        Place(float(theta[t] @ theta[t]), float(theta[t] @ buffer[t]), float(buffer[t] @ buffer[t])) for t in (0, -1)
    )
    buffered = buffer_square if dynamics.buffered else None
    found = reservoir.fdr_ratio(dynamics, start, end, seen.steps, gradient_square=square, buffer_square=buffered)
    along = float((theta[:-1] * gradient).sum(1).mean()) / dynamics.kinetic(square, buffer_square)
    yield Comparison(case.name, "FDR ratio, telescoped", along, found, _ROUNDING * (1 + abs(along)))
    moved = np.diff(theta, axis=0)
    total = float(np.square(moved).sum())
    ratio = reservoir.displacement_ratio(start.position_square, end.position_square, total)
    direct = -2 * float((theta[:-1] * moved).sum()) / total
    yield Comparison(case.name, "displacements", direct, ratio, _ROUNDING * (1 + abs(direct)))
    ball = case.system
    if isinstance(ball, HeavyBall):
        for steps in (1, 7):
            spread = Estimate(reservoir.displacement_variance(dynamics, steps), 0.0, Kind.EXACT)
            truth = ball.free_spread(steps)
            yield Comparison(case.name, f"free spread in {steps} steps", truth, spread, _ROUNDING * truth)


def group_rows(case: ReservoirCase, seen: ObservedRun) -> Iterator[Comparison]:
    """Two halves of the copies as two groups in mutual equilibrium, and the response of the loss to temperature."""
    if case.copies < 4 or not isinstance(case.system, HeavyBall) or seen.buffer is not None:
        return
    truth = case.system.exact()
    half = case.copies // 2
    groups = []
    for part in (slice(0, half), slice(half, None)):
        squares = np.square(group(seen.gradient[part])).mean(1)
        groups.append(reservoir.kinetic_temperature(case.dynamics, squares).value)
    common = reservoir.mutual_equilibrium(groups).common
    yield Comparison(case.name, "T of two groups", truth["temperature_kinetic"], common)
    if not case.stationary:
        return
    temperatures, energies = [], []
    for scale in (1.0, 2.0, 4.0):  # noise c · scale: θ, being linear, scales with its root
        energy = reservoir.time_average(0.5 * scale * (group(seen.theta) * group(seen.force)).sum(1)).value
        energies.append(energy)
        exact = scale * truth["temperature_configurational"]
        temperatures.append(Estimate(exact, 0.0, Kind.EXACT))
    yield Comparison(
        case.name,
        "heat capacity",
        0.5 * case.copies * case.system.dimension,
        _of_one_run(reservoir.heat_capacity(temperatures, energies).capacity, energies[0], temperatures[0]),
    )


def _of_one_run(capacity: Estimate, energy: Estimate, temperature: Estimate) -> Estimate:
    """All three energies are of one run: their errors are one error."""
    error = energy.error / temperature.value
    return Estimate(capacity.value, error, capacity.kind, energy.degrees_of_freedom)
