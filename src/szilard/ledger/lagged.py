"""What a short sampler costs, and how many steps would cost little: the model of chains that lag (theory §5).

X with stationary law ``N(θ_t, s²)`` contracts by λ over the τ sampler steps of an update. Dragged at constant speed v
it dissipates ``(v²/2s²)(1 + λ)/(1 − λ)`` per update, of which ``v²/2s²`` is the work of an ideal sampler: the ratio of
the two tells λ, and λ tells what any other τ would cost. The assumptions are those of the model (one relaxation time,
steady motion), so what follows from it is of the kind ``hypothesis``; the numbers it starts from are measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

from szilard.estimate import Estimate, Kind


def lagged_ratio(contraction: float) -> float:
    """``W_diss/W = (1 + λ)/(1 − λ)`` at constant speed.

    Example:
        >>> lagged_ratio(0.5)
        3.0
    """
    return (1 + contraction) / (1 - contraction)


@final
@dataclass(frozen=True, slots=True)
class Advice:
    """How long a sampler would have to run; kind ``hypothesis``.

    Attributes:
        lag: measured dissipation beyond an ideal sampler's, nats per update, with its error.
        sampler_steps: τ with which that was measured.
        target: nats of lag per update that are asked for.
        contraction: λ over τ steps that explains it; 0 where no lag is seen.
        steps: τ that would leave ``target``; 0 where any number does.
        steps_low, steps_high: the same with the measured lag two errors lower and higher.
        seen: whether the lag exceeds two of its errors; otherwise nothing can be said but ``steps_high``.
    """

    lag: Estimate
    sampler_steps: int
    target: float
    contraction: float
    steps: float
    steps_low: float
    steps_high: float
    seen: bool

    @property
    def relaxation_time(self) -> float:
        """``τ_r = −τ/ln λ`` in sampler steps."""
        return -self.sampler_steps / math.log(self.contraction) if 0 < self.contraction < 1 else 0.0

    def lag_at(self, sampler_steps: float) -> float:
        """Predicted lag per update, in nats, of chains with this many steps: ``2 W λ'/(1 − λ')``, ``λ' = λ^{τ'/τ}``."""
        if self.contraction <= 0:
            return 0.0
        contraction = self.contraction ** (sampler_steps / self.sampler_steps)
        ideal = self.lag.value * (1 - self.contraction) / (2 * self.contraction)
        return 2 * ideal * contraction / (1 - contraction)


def advise(
    work: Estimate, lag: Estimate, updates: int, sampler_steps: int, target: float = 0.1, least_error: float = 0.0
) -> Advice:
    """How many sampler steps would bring the lag to ``target`` nats per update.

    ``λ = (ρ − 1)/(ρ + 1)`` with ``ρ = 1 + lag/W``, then ``λ' = target/(2W + target)`` and ``τ' = τ ln λ'/ln λ``.
    Motion that turns over at random, such as that of a stationary noisy training, costs no lag however short the
    sampler: there the advice is that none is needed, and it is right.

    Args:
        work: W of an ideal sampler over all updates, nats.
        lag: ``W_diss − W`` over the same, nats.
        updates: how many these were.
        sampler_steps: τ of each.
        target: nats per update.
        least_error: floor for the error of ``lag``, nats, where it is known to be feigned.

    Raises:
        ValueError: for a target, τ or number of updates that is not positive.
    """
    if target <= 0 or sampler_steps < 1 or updates < 1:
        raise ValueError("advice needs a positive target, at least one sampler step and one update.")
    ideal = max(float(work.value), 0.0) / updates
    mean, error = float(lag.value) / updates, max(float(lag.error), least_error) / updates
    measured = Estimate(mean, error, Kind.HYPOTHESIS, lag.degrees_of_freedom)
    steps, low, high = (
        _steps_for(ideal, excess, sampler_steps, target) for excess in (mean, mean - 2 * error, mean + 2 * error)
    )
    return Advice(measured, sampler_steps, target, _contraction(ideal, mean), steps, low, high, seen=mean > 2 * error)


def _contraction(ideal: float, excess: float) -> float:
    """λ = (ρ − 1)/(ρ + 1) with ρ = 1 + excess/W: between 0 and 1, 1 where an ideal sampler would do no work."""
    return excess / (excess + 2 * ideal) if excess > 0 else 0.0


def _steps_for(ideal: float, excess: float, sampler_steps: int, target: float) -> float:
    contraction = _contraction(ideal, excess)
    if contraction == 0:
        return 0.0
    if contraction == 1:
        return math.inf
    return sampler_steps * math.log(target / (2 * ideal + target)) / math.log(contraction)
