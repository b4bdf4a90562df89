"""How many chains, how many particles, and how long they relax."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

from szilard.errors import SpecError

_LEAST_RELAXATION = 20
_LEAST = {"sampler_steps": 1, "chains": 2, "islands": 2, "particles": 4, "reference_steps": 1, "burn_in": 0}


@final
@dataclass(frozen=True, slots=True)
class EnergeticSettings:
    """What an :class:`~szilard.monitor.energetic.recorder.EnergeticRecorder` works with.

    Attributes:
        sampler_steps: τ, the sampler steps of the lagging chains at each record (paper §3.3).
        chains: how many lagging chains.
        islands: independent replicates of the reference population; errors of equilibrium are over them.
        particles: weighted samples on each island.
        reference_steps: sampler steps of the reference population at each record; None: as many as it takes to forget,
            at least ``sampler_steps`` and 20. A reference that hardly moves is worn out by resampling, and its W is
            then off by far more than its error.
        burn_in: sampler steps before the first record, where chains do not begin exactly.

    Raises:
        SpecError: for a number that is too small, or no whole number.
    """

    sampler_steps: int = 20
    chains: int = 256
    islands: int = 16
    particles: int = 64
    reference_steps: int | None = None
    burn_in: int = 1000

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is None and name == "reference_steps":
                continue
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise SpecError(f"{name} must be a whole number of at least {least}, not {value!r}.")

    @property
    def relaxation_steps(self) -> int:
        """Sampler steps of the reference population at each record."""
        return max(self.sampler_steps, _LEAST_RELAXATION) if self.reference_steps is None else self.reference_steps


MOST = 100
"""Sampler steps of the reference at a record, where its chains need no more than that themselves."""
REMEMBERED = 0.3
"""Correlation over a relaxation that is aimed at: particles that resampling has made alike part again."""
_FASTEST = 2.0
"""By what the steps may grow at once; they shrink by half as much."""


@final
class ReferenceSteps:
    """The reference's sampler steps; adapted to its memory unless given.

    Whatever their number, weights keep the population in equilibrium; too few leave it a family of copies, whose common
    error neither weights nor islands show. The memory is that of X under one θ, never of the step's weights, so that
    adapting decides on nothing that is measured.

    Args:
        least: at first, and at the least.
        fixed: whether they were given, and stay.
    """

    def __init__(self, least: int, fixed: bool) -> None:
        self._least = least
        self._fixed = fixed
        self.steps = least
        """At the coming record."""

    def learn(self, memory: float) -> bool:
        """Takes in the correlation over the last relaxation; True if the steps changed."""
        if self._fixed or not math.isfinite(memory):
            return False
        before = self.steps
        wanted = before * math.log(REMEMBERED) / math.log(min(max(memory, 0.01), 0.99))
        wanted = min(max(wanted, 2 * before / (1 + _FASTEST)), _FASTEST * before)
        self.steps = min(max(math.ceil(wanted), self._least), max(MOST, self._least))
        return self.steps != before
