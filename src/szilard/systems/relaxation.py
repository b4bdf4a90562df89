"""Second moments of linear relaxation with noise, ``θ ← θ − a(θ − b̄) + N(0, ν)``, per component, in closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Relaxation:
    """Moments about a fixed centre b̄; ``q = (1 − a)²``.

    Args:
        pull: a, the share of the distance to b̄ that each step covers; 0 < a < 2.
        noise: ν, variance of the noise of each step.
    """

    pull: float
    noise: float

    def decay_sum(self, steps: int) -> float:
        """The sum ``Σ_{t<n} q^t = (1 − qⁿ)/[a(2 − a)]`` over n steps."""
        if self.pull == 1:
            return float(min(steps, 1))
        decayed = -math.expm1(2 * steps * math.log(abs(1 - self.pull)))
        return decayed / (self.pull * (2 - self.pull))

    def progress(self, steps: int) -> float:
        """``c_n = 1 − (1 − a)ⁿ``: the share of the way to b̄ that the mean has covered."""
        return 1 - (1 - self.pull) ** steps

    def squared_steps(self, steps: int, distance: float) -> float:
        """``Σ_{t<n} ⟨(θ_{t+1} − θ_t)²⟩ = Σ_t (a² e_t + ν)`` from ``e_0 = distance``, the mean of ``(θ_0 − b̄)²``."""
        decay_sum = self.decay_sum(steps)
        # e_t = q^t e_0 + ν (1 − q^t)/[a(2 − a)]
        distances = distance * decay_sum + self.noise * (steps - decay_sum) / (self.pull * (2 - self.pull))
        return self.pull**2 * distances + steps * self.noise

    def squared_displacement(self, steps: int, distance: float) -> float:
        """``⟨(θ_n − θ_0)²⟩ = c_n² e_0 + ν Σ_{t<n} q^t``."""
        return self.progress(steps) ** 2 * distance + self.noise * self.decay_sum(steps)
