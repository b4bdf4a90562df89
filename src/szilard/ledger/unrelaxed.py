"""How much of an update's heat a sampler leaves undone, from the relaxation inside updates, and when it would be done.

``u(s) = ⟨E_t⟩ after s sampler steps − ⟨E_t⟩_{p_t}``: the heat that X would still give off if θ stood still. For a
Gaussian that is shifted it is the remaining lag ``KL(ρ‖p_t)`` itself. Unlike dissipated work it does not care whether θ
moves steadily or shakes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from szilard.estimate import Estimate, Kind
from szilard.numbers import with_error

_RESOLVED = 2.0
"""Times τ up to which an autocorrelation time has been seen in full."""
_CLEAR = 2.0
"""Errors beyond which something is believed to be left."""


@final
@dataclass(frozen=True, slots=True)
class Undone:
    """Heat that is left undone, a mean over updates.

    Attributes:
        sampler_steps: τ.
        at_first: u(0), right after the update.
        left: u(τ), when the next one comes.
        target: nats that are asked for.
        steps: sampler steps after which ``target`` would be left: by interpolation where that was looked at, else by
            the rate at the end of what was; infinite where nothing falls there, NaN where u(τ) is not clear.
        looked: up to which sub-step copies of the chains were followed.
    """

    sampler_steps: int
    at_first: Estimate
    left: Estimate
    target: float
    steps: float
    looked: int

    @property
    def seen(self) -> bool:
        """Whether u(τ) exceeds two of its standard errors."""
        return bool(abs(self.left.value) > _CLEAR * self.left.error)

    @property
    def sentence(self) -> str:
        """What to tell whoever chose τ, in one sentence."""
        tau = f"τ = {self.sampler_steps}"
        left, first = (with_error(float(part.value), float(part.error)) for part in (self.left, self.at_first))
        if not self.seen:
            return f"{tau} leaves no heat of an update undone that shows: {left} nats of {first}."
        if abs(self.left.value) <= self.target:
            return f"{tau} leaves {left} nats of an update's {first} undone, within the {self.target:g} asked for."
        begin = f"the sampler is too short: {tau} leaves {left} nats of an update's {first} undone"
        if math.isinf(self.steps):
            return f"{begin}, and up to {self.looked} sampler steps no end of it is seen."
        how = "" if self.steps <= self.looked else ", if it goes on falling as it last did"
        return f"{begin}; τ ≥ {math.ceil(self.steps)} would leave {self.target:g}{how}."


def undone(
    sub_steps: Sequence[float],
    excess: Sequence[float],
    errors: Sequence[float],
    sampler_steps: int,
    target: float = 0.1,
) -> Undone:
    """When ``target`` nats would be left, kind ``hypothesis``: from where u falls below it, made to fall throughout.

    Between two sub-steps u is taken to fall exponentially, and beyond the last one as between τ and there: a sampler
    with a slower motion still, unseen so far, would need longer.

    Args:
        sub_steps: sampler steps after the update, rising, τ among them.
        excess: u at these, nats; a mean over updates.
        errors: of these.
        sampler_steps: τ.
        target: nats per update.

    Raises:
        ValueError: if τ is not among the sub-steps, or target is not positive.

    Example:
        >>> steps, rate = [0, 10, 20, 40], 0.05
        >>> left = undone(steps, [2 * math.exp(-rate * s) for s in steps], [0.01] * 4, sampler_steps=10, target=0.5)
        >>> print(f"{left.left}; {left.steps:.1f} steps would leave {left.target}")
        1.213 ± 0.010 (hypothesis); 27.7 steps would leave 0.5
    """
    if target <= 0 or sampler_steps not in sub_steps:
        raise ValueError("give a positive target, and excess energies at sub-steps of which sampler_steps is one.")
    at = list(sub_steps).index(sampler_steps)
    first, left = (Estimate(excess[place], errors[place], Kind.HYPOTHESIS) for place in (0, at))
    sign = math.copysign(1.0, excess[at])
    falling: list[float] = []
    for value in excess:
        falling.append(min([sign * value, *falling[-1:]]))
    clear = abs(left.value) > _CLEAR * left.error
    steps = _reached(list(sub_steps), falling, at, target) if clear else math.nan
    return Undone(sampler_steps, first, left, target, steps, int(sub_steps[-1]))


def _reached(sub_steps: list[float], falling: list[float], at: int, target: float) -> float:
    """Where a falling curve comes down to ``target``."""
    if falling[0] <= target:
        return float(sub_steps[0])
    for place in range(1, len(falling)):
        if falling[place] <= target:
            return _between(sub_steps[place - 1 : place + 1], falling[place - 1 : place + 1], target)
    return _between([sub_steps[at], sub_steps[-1]], [falling[at], falling[-1]], target)


def _between(places: list[float], values: list[float], target: float) -> float:
    """Where an exponential through two points is ``target``; a straight line where the second is not positive."""
    (start, end), (high, low) = places, values
    if high <= low:
        return math.inf
    if low <= 0:
        return start + (end - start) * (high - target) / (high - low)
    return start + (end - start) * math.log(high / target) / math.log(high / low)


def excess_energies(
    relaxation: Sequence[Sequence[float]],
    relaxation_errors: Sequence[Sequence[float]],
    energies: Sequence[float],
    energy_errors: Sequence[float],
    independent: float = 1.0,
) -> tuple[list[float], list[float]]:
    """``u(s)`` and its errors, means over updates, from the columns of a record.

    Chains and reference carry over from update to update: where they remember, all updates share one offset, and the
    error does not fall with their number.

    Args:
        relaxation, relaxation_errors: mean energies of the chains by update and sub-step, nats. Leave the first record
            out, to which no update leads.
        energies, energy_errors: of the reference, in equilibrium, at the same updates.
        independent: how many of the updates count as independent, :func:`independent_updates`.

    Raises:
        ValueError: without any update.
    """
    count = len(relaxation)
    if count == 0:
        raise ValueError("there is no update to average over: give at least one profile after the first record.")
    base = math.fsum(energies) / count
    noise = math.fsum(error**2 for error in energy_errors)
    means = [math.fsum(column) / count - base for column in zip(*relaxation, strict=True)]
    squares = [math.fsum(error**2 for error in column) + noise for column in zip(*relaxation_errors, strict=True)]
    return means, [math.sqrt(square / count / independent) for square in squares]


def independent_updates(between: Sequence[float], sampler_steps: int, autocorrelation_time: float) -> float:
    """How many of the updates whose relaxation was looked at are independent: ``1 + Σ (1 − e^{−2g/T})``.

    An autocorrelation time beyond 2 τ has not been seen in full, for copies are followed over 4 τ only: then 1.

    Args:
        between: updates from each one looked at to the next.
        sampler_steps: τ, of each update.
        autocorrelation_time: T, integrated, in sampler steps.

    Example:
        >>> round(independent_updates([1, 1, 2], sampler_steps=10, autocorrelation_time=1.0), 6)
        4.0
        >>> independent_updates([1, 1, 2], sampler_steps=10, autocorrelation_time=40.0)
        1.0
    """
    if not autocorrelation_time <= _RESOLVED * sampler_steps:
        return 1.0
    time = max(autocorrelation_time, 1.0)
    return 1 - math.fsum(math.expm1(-2 * gap * sampler_steps / time) for gap in between)
