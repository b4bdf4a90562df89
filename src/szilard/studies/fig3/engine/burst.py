"""Time correlation of the noise over the ensemble: C(t, h) = ⟨η_t · η_{t+h}⟩/dim (Fig. 3d of the paper).

At each step s of a burst the gradient g_s that the loop is about to use and gradients of two independent fresh samples,
g′ and g″, are taken at the same parameters. The differences ``d_s = (g′_s + g″_s)/2 − g_s`` are the noise η_s plus that
of the fresh samples, which steer no parameter and so are independent of everything else:

    ⟨d_s · d_{s+h}⟩ = ⟨η_s · η_{s+h}⟩  for h ≥ 1,        ⟨(g′_s − g_s) · (g″_s − g_s)⟩ = ⟨‖η_s‖²⟩

without a bias, however few the fresh examples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.ensemble.gradient_sums import Group, dot
from szilard.studies.fig3.engine.schedule import Schedule

Means = Mapping[str, Tensor]
"""Mean gradients by name of the parameter, shaped ``(members, *parameter)``."""


@final
class Burst:
    """One correlation, from its start on.

    Args:
        schedule: lags and window.
        start: the first step.
        groups: of parameters.
    """

    def __init__(self, schedule: Schedule, start: int, groups: Sequence[Group]) -> None:
        self.start = start
        self._window = schedule.window
        self._lags = {lag: place for place, lag in enumerate(schedule.lags)}
        self._steps = frozenset(schedule.of_burst(start))
        self._groups = groups
        self._anchors: dict[int, Means] = {}
        self._sums: Tensor | None = None

    @property
    def over(self) -> bool:
        """Whether its last step was taken in."""
        return not self._steps

    def wants(self, step: int) -> bool:
        """Whether it needs the gradients of that step."""
        return step in self._steps

    def observe(self, step: int, own: Means, first: Means, second: Means) -> None:
        """Takes in one step, which must be the next one that it wants.

        Args:
            step: its number.
            own: the gradient of the loop's own batch.
            first, second: gradients of two fresh samples at the same parameters.
        """
        one = {name: first[name] - value for name, value in own.items()}
        other = {name: second[name] - value for name, value in own.items()}
        mean = {name: value.add_(other[name]).mul_(0.5) for name, value in _copied(one).items()}
        for anchor, kept in self._anchors.items():
            if (place := self._lags.get(step - anchor)) is not None:
                self._add(place, dot(self._groups, kept, mean))
        if step < self.start + self._window:
            self._add(0, dot(self._groups, one, other))
            self._anchors[step] = mean
        self._steps -= {step}
        done = [anchor for anchor in self._anchors if step - anchor >= max(self._lags)]
        for anchor in done:
            del self._anchors[anchor]

    def covariance(self) -> Float[Tensor, "members groups lags"]:
        """The mean over the window, per parameter of each group."""
        assert self._sums is not None
        sizes = torch.tensor([float(group.size) for group in self._groups], dtype=torch.float64)
        return self._sums.cpu() / (self._window * sizes[:, None])

    def _add(self, place: int, values: Float[Tensor, "members groups"]) -> None:
        if self._sums is None:
            self._sums = values.new_zeros(*values.shape, len(self._lags))
        self._sums[..., place] += values


def _copied(means: Means) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in means.items()}
