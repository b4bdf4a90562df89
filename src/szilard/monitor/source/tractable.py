"""A tractable likelihood: fresh samples and their φ."""

from __future__ import annotations

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.models.ppm import Tractable
from szilard.monitor.source.extent import dimensions
from szilard.monitor.source.source import Drawn


@final
class TractableSource:
    """Of a :class:`~szilard.models.ppm.Tractable` model."""

    normalised = exact = True

    def __init__(self, ppm: Tractable, seed: int) -> None:
        self._ppm = ppm
        self._seed = seed
        self._generator = torch.Generator(device=ppm.device).manual_seed(seed)

    def draw(self, count: int) -> Drawn:
        """Fresh samples."""
        return Drawn(self._ppm.sample(count, self._generator).detach())

    def phi(self, x: Tensor) -> Float[Tensor, " count"]:
        """Normalised φ."""
        return self._ppm.phi(x).detach().double()

    def law(self, drawn: Drawn) -> Float[Tensor, " count"]:
        """The same: there is nothing but x."""
        return self.phi(drawn.x)

    def size(self, x: Tensor) -> Float[Tensor, ""]:
        """Dimensions of x."""
        return dimensions(x)

    def restart(self) -> None:
        """The same random numbers again."""
        self._generator.manual_seed(self._seed)
