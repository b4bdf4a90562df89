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
from szilard.numbers import with_error


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
        contraction: λ over τ steps that explains it; NaN where none does, because the lag is not positive.
        steps: τ that would leave ``target``; NaN where no lag is seen.
        steps_low, steps_high: the same with the measured lag two errors lower and higher; NaN where that is not
            positive.
    """

    lag: Estimate
    sampler_steps: int
    target: float
    contraction: float
    steps: float
    steps_low: float
    steps_high: float

    @property
    def seen(self) -> bool:
        """Whether the lag exceeds two of its errors; otherwise ``steps`` means nothing."""
        return bool(self.lag.value > 2 * self.lag.error)

    @property
    def outrun(self) -> bool:
        """Whether chains dissipate less than an ideal sampler by more than two errors.

        θ then shakes faster than they follow, and the dissipation cannot say whether τ is long enough: what does not
        follow does not pay.
        """
        return bool(self.lag.value < -2 * self.lag.error)

    @property
    def relaxation_time(self) -> float:
        """``τ_r = −τ/ln λ`` in sampler steps; NaN where no lag explains one."""
        if self.contraction == 1:
            return math.inf
        return -self.sampler_steps / math.log(self.contraction) if self.contraction > 0 else math.nan

    @property
    def sentence(self) -> str:
        """What to tell whoever chose τ, in one sentence."""
        tau, lag = f"τ = {self.sampler_steps}", with_error(float(self.lag.value), float(self.lag.error))
        if self.outrun:
            return (
                f"chains with {tau} dissipate less than an ideal sampler ({lag} nats per update): θ shakes faster than "
                "they follow, so dissipation cannot say whether that is long enough. See the relaxation inside an "
                "update."
            )
        if not self.seen:
            return f"{tau} leaves no lag that shows: {lag} nats per update."
        if self.lag.value <= self.target:
            return f"{tau} leaves {lag} nats of lag per update, no more than the {self.target:g} asked for."
        need = "no number of steps" if math.isinf(self.steps) else f"τ ≥ {math.ceil(self.steps)}"
        return (
            f"the sampler is too short: {tau} leaves {lag} nats of lag per update; {need} would leave {self.target:g}."
        )

    def lag_at(self, sampler_steps: float) -> float:
        """Predicted lag per update, in nats, of chains with this many steps: ``2 W λ'/(1 − λ')``, ``λ' = λ^{τ'/τ}``."""
        if not 0 < self.contraction < 1:
            return math.nan
        contraction = self.contraction ** (sampler_steps / self.sampler_steps)
        ideal = self.lag.value * (1 - self.contraction) / (2 * self.contraction)
        return float(2 * ideal * contraction / (1 - contraction))


def advise(work: Estimate, lag: Estimate, updates: int, sampler_steps: int, target: float = 0.1) -> Advice:
    """How many sampler steps would bring the lag to ``target`` nats per update.

    ``λ = (ρ − 1)/(ρ + 1)`` with ``ρ = 1 + lag/W``, then ``λ' = target/(2W + target)`` and ``τ' = τ ln λ'/ln λ``, W the
    work of an ideal sampler per update. It holds for θ that moves steadily. Motion that turns over at random, such as
    that of a noisy training near its end, costs chains that lag *less* than an ideal sampler
    (:attr:`Advice.outrun`).

    Args:
        work: W of an ideal sampler over all updates, nats.
        lag: ``W_diss − W`` over the same, nats.
        updates: how many these were; records, where each stands for several.
        sampler_steps: τ of each.
        target: nats per update.

    Raises:
        ValueError: for a target, τ or number of updates that is not positive.

    Example:
        >>> measured = advise(Estimate(1.0, 0.0, Kind.EXACT), Estimate(18.0, 0.5, Kind.UNBIASED), 100, 20, target=0.01)
        >>> print(measured.sentence)
        the sampler is too short: τ = 20 leaves 0.1800 ± 0.0050 nats of lag per update; τ ≥ 209 would leave 0.01.
    """
    if target <= 0 or sampler_steps < 1 or updates < 1:
        raise ValueError("advice needs a positive target, at least one sampler step and one update: give those.")
    ideal = max(float(work.value), 0.0) / updates
    mean, error = float(lag.value) / updates, float(lag.error) / updates
    measured = Estimate(mean, error, Kind.HYPOTHESIS, lag.degrees_of_freedom)
    steps, low, high = (
        _steps_for(ideal, excess, sampler_steps, target) for excess in (mean, mean - 2 * error, mean + 2 * error)
    )
    return Advice(measured, sampler_steps, target, _contraction(ideal, mean), steps, low, high)


def _contraction(ideal: float, excess: float) -> float:
    """λ = (ρ − 1)/(ρ + 1) with ρ = 1 + excess/W: between 0 and 1, 1 where an ideal sampler would do no work."""
    return excess / (excess + 2 * ideal) if excess > 0 else math.nan


def _steps_for(ideal: float, excess: float, sampler_steps: int, target: float) -> float:
    contraction = _contraction(ideal, excess)
    if contraction == 1:
        return math.inf
    return sampler_steps * math.log(target / (2 * ideal + target)) / math.log(contraction)
