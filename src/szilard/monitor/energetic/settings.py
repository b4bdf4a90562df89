"""How many chains, how many particles, and how long they relax."""

from __future__ import annotations

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
