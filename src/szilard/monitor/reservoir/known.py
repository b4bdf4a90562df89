"""What a burst cannot say of some parameters: it is left unknown, and never written as 0.

Fresh gradients say nothing of parameters that move by others than theirs, as those of an auxiliary loss; a law says
nothing of parameters that it does not move, or that never had a gradient.
"""

from __future__ import annotations

from typing import final

import numpy as np
from numpy import ndarray

from szilard.monitor.reservoir.noise import RowColumns
from szilard.monitor.reservoir.optimizer_state import OptimizerSettings
from szilard.monitor.reservoir.tracked import TrackedParameters

_OF_FRESH = (
    "noise_variance", "noise_variance_autocorrelation_time", "noise_variance_effective_samples", "signal_variance",
    "signal_variance_autocorrelation_time", "signal_variance_effective_samples", "noise_variance_loop",
    "gradient_noise_scale", "gradient_noise_scale_pooled", "noise_covariance", "noise_autocorrelation",
    "participation_ratio", "tail_index", "temperature_noise", "temperature_configurational",
    "temperature_configurational_autocorrelation_time", "temperature_configurational_effective_samples", "max_force",
    "projection_force", "signal_variance_full", "noise_variance_per_example",
)  # fmt: skip
"""Columns that rest on fresh gradients."""
_OF_LAW = (
    "temperature_noise", "temperature_kinetic", "temperature_kinetic_autocorrelation_time",
    "temperature_kinetic_effective_samples", "temperature_configurational",
    "temperature_configurational_autocorrelation_time", "temperature_configurational_effective_samples", "fdr_ratio",
)  # fmt: skip
"""Columns that rest on the optimiser's law, or on its moving the parameters at all."""


@final
class Known:
    """Remembers of every parameter which gradients it ever had.

    Args:
        tracked: the parameters.
    """

    def __init__(self, tracked: TrackedParameters) -> None:
        self._tracked = tracked
        self.touched = np.zeros(len(tracked.parameters), dtype=bool)
        """Whether the loop ever had a gradient for it, in any burst so far."""
        self._fresh = np.zeros(len(tracked.parameters), dtype=bool)
        self._moved = np.zeros(len(tracked.parameters), dtype=bool)
        self.unlawful: dict[str, str] = {}
        """Groups without a temperature because of their optimiser, and why."""

    def look(self, squares: dict[str, ndarray]) -> None:
        """Takes in a burst's squared norms, each shaped (steps, parameters)."""
        self._moved = squares["raw"].sum(0) > 0
        self.touched |= self._moved
        self._fresh |= (squares["fresh"] + squares["halves"]).sum(0) > 0

    @property
    def unseen(self) -> ndarray:
        """The parameters that the loop moved in the last burst by gradients that no fresh batch ever had."""
        return self._moved & ~self._fresh

    @property
    def unseen_groups(self) -> list[str]:
        """Names of their groups."""
        tracked = self._tracked
        return [tracked.groups[group] for group in np.flatnonzero(tracked.by_group(self.unseen.astype(float)))]

    def withhold(self, columns: RowColumns, settings: OptimizerSettings, moves: ndarray) -> None:
        """Leaves unknown what the burst cannot say.

        Args:
            columns: of its row.
            settings: of the optimiser.
            moves: of each parameter, whether it moved by a law that is known.
        """
        tracked = self._tracked
        if self.unseen.any():
            columns.blank(_OF_FRESH, tracked.by_group(self.unseen.astype(float)) > 0)
        still = tracked.by_group(moves.astype(float)) == 0
        if not still.any():
            return
        columns.blank(_OF_LAW, still)
        for reason, group in zip(settings.unknown(), tracked.group_of, strict=True):
            if reason and still[group]:
                self.unlawful[tracked.groups[group]] = reason
