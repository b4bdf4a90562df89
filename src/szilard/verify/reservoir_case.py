"""The exact reservoirs that verification runs on, and what a recorder would have seen of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from szilard.reservoir.dynamics import Dynamics
from szilard.systems import DraggedTrap, Gyrator, HeavyBall, LinearRegression, ParameterSystem, ShuffledQuadratic


@dataclass(frozen=True)
class ReservoirCase:
    """A system, and how much is seen of it.

    Args:
        name: shown in the table.
        system: gives runs and answers.
        copies: independent copies of the system, which together are one group of parameters.
    """

    name: str
    system: ParameterSystem
    copies: int = 1

    @property
    def dynamics(self) -> Dynamics:
        """How the system's optimiser moves its parameters."""
        ball = self.system
        if isinstance(ball, HeavyBall):
            return Dynamics("sgd", ball.rate, ball.momentum, ball.dampening, ball.nesterov)
        return Dynamics("sgd", ball.rate)

    @property
    def batch(self) -> int:
        """|b|, the number of examples in a batch."""
        return int(getattr(self.system, "batch_size", 1))

    @property
    def stationary(self) -> bool:
        """Whether θ itself has a stationary state about 0."""
        return not isinstance(self.system, DraggedTrap) and self.system.exact()["parameter_variance"] < np.inf


@dataclass(frozen=True)
class ObservedRun:
    """One run, copies leading; gradients are taken before each step.

    Attributes:
        theta, force: at every point.
        buffer: at every point; None without momentum.
        gradient: the loop's.
        fresh: of an independent batch at the same θ.
        first, second: of two independent halves of a batch at the same θ.
        noise: variance of a batch's gradient at the same θ, by the system.
    """

    theta: Float[ndarray, "copies points dimension"]
    force: Float[ndarray, "copies points dimension"]
    buffer: Float[ndarray, "copies points dimension"] | None
    gradient: Float[ndarray, "copies steps dimension"]
    fresh: Float[ndarray, "copies steps dimension"]
    first: Float[ndarray, "copies steps dimension"]
    second: Float[ndarray, "copies steps dimension"]
    noise: Float[ndarray, "copies steps dimension"]

    @property
    def steps(self) -> int:
        """Number of steps that were seen of the run."""
        return self.gradient.shape[1]


def group(series: Float[ndarray, "copies times dimension"]) -> Float[ndarray, "times parameters"]:
    """The series of all copies side by side, as the parameters of one group."""
    return np.moveaxis(series, 0, 1).reshape(series.shape[1], -1)


def runs(case: ReservoirCase, steps: int, *, replicates: int = 1, seed: int = 0) -> Iterator[ObservedRun]:
    """Yields independent runs of a case, simulated all at once."""
    system = case.system
    motion = system.simulate(steps, members=replicates * case.copies, seed=seed)
    generator = torch.Generator().manual_seed(seed + 1)
    # A trap that moves has its own place at every step; at step 0 its minimum is at 0.
    at = motion.force / system.curvature if isinstance(system, DraggedTrap) else motion.theta
    at = at[:, :-1]
    fresh = system.gradient(at, generator=generator)
    first, second = (system.gradient(at, generator=generator, parts=2) for _ in range(2))
    parts = [motion.theta, motion.force, motion.buffer, motion.gradient, fresh, first, second, system.noise_at(at)]
    arrays = [None if part is None else part.numpy() for part in parts]
    for start in range(0, replicates * case.copies, case.copies):
        stop = start + case.copies
        yield ObservedRun(*(None if array is None else array[start:stop] for array in arrays))  # type: ignore[arg-type]


def reservoir_cases() -> Iterator[ReservoirCase]:
    """Every exact reservoir; a new one adds a line here."""
    yield ReservoirCase("linear regression", LinearRegression(rate=0.3, batch_size=16, label_noise=1.5), 16)
    yield ReservoirCase("SGD, two directions", HeavyBall(curvature=(1.0, 3.0), noise=(2.0, 0.5), rate=0.2), 8)
    heavy = HeavyBall(curvature=0.8, noise=0.7, rate=0.4, momentum=0.5, dampening=0.2)
    yield ReservoirCase("heavy ball", heavy, 16)
    yield ReservoirCase("Nesterov", HeavyBall(curvature=0.8, noise=0.7, rate=0.4, momentum=0.5, nesterov=True), 16)
    yield ReservoirCase("pure noise", HeavyBall(curvature=0.0, noise=0.7, rate=0.2, momentum=0.5), 16)
    yield ReservoirCase("shuffled epochs of 5", ShuffledQuadratic(batches=5, curvature=1.0, rate=0.4, batch_size=2), 16)
    yield ReservoirCase("gyrator", Gyrator(rate=0.2), 16)
    yield ReservoirCase("gyrator in equilibrium", Gyrator(rate=0.2, temperatures=(0.5, 0.5)), 16)
    yield ReservoirCase("dragged trap", DraggedTrap(speed=0.1, curvature=1.0, noise=2.0, rate=0.3), 16)
