"""An energy and a sampler: chains that go on from record to record, and train nothing."""

from __future__ import annotations

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.models.ppm import Energetic
from szilard.monitor.source.extent import dimensions
from szilard.monitor.source.source import Drawn

_FIRST = 4
"""The first samples are relaxed so many times as long: they begin where the model has not been."""


@final
class EnergeticSource:
    """Of an :class:`~szilard.models.ppm.Energetic` model.

    Chains begin at the model's ``start`` (of the first model, of which it may give exact samples) and relax
    ``sampler_steps`` under each model that asks for samples. What the relaxation leaves out of equilibrium is in them.
    """

    normalised = exact = False

    def __init__(self, ppm: Energetic, seed: int, sampler_steps: int) -> None:
        self._ppm = ppm
        self._steps = sampler_steps
        self._generator = torch.Generator(device=ppm.device).manual_seed(seed)
        self._chains: Tensor | None = None

    def draw(self, count: int) -> Drawn:
        """The chains, relaxed under the model as it stands; as many as were first asked for."""
        steps = self._steps
        if self._chains is None:
            self._chains = self._ppm.start(count, self._generator).detach().clone()
            if getattr(self._ppm, "starts_exactly", False):
                return Drawn(self._chains)
            steps *= _FIRST
        self._chains = self._ppm.relax(self._chains, steps, self._generator).x.detach().clone()
        return Drawn(self._chains)

    def phi(self, x: Tensor) -> Float[Tensor, " count"]:
        """The energy, ln Z left out."""
        return self._ppm.energy(x).detach().double()

    def law(self, drawn: Drawn) -> Float[Tensor, " count"]:
        """The same: there is nothing but x."""
        return self.phi(drawn.x)

    def size(self, x: Tensor) -> Float[Tensor, ""]:
        """Dimensions of x."""
        return dimensions(x)

    def restart(self) -> None:
        """Chains go on."""
