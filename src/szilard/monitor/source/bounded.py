"""Latent variables: samples of x from the joint, φ by importance weighting."""

from __future__ import annotations

import math
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.models.ppm import Bounded
from szilard.monitor.source.extent import dimensions
from szilard.monitor.source.source import Drawn

_AT_ONCE = 2**14
"""Pairs of x and z evaluated together."""


@final
class BoundedSource:
    """Of a :class:`~szilard.models.ppm.Bounded` model.

    φ is ``−ln mean_k p(x,z_k)/q(z_k|x)``: an upper bound in expectation that closes as the number of draws grows.
    """

    normalised, exact = True, False

    def __init__(self, ppm: Bounded, seed: int) -> None:
        self._ppm = ppm
        self._seed = seed
        self._generator = torch.Generator(device=ppm.device).manual_seed(seed)
        self._proposals = torch.Generator(device=ppm.device).manual_seed(seed + 1)

    def draw(self, count: int) -> Drawn:
        """Fresh pairs of x and z."""
        x, z = self._ppm.sample_joint(count, self._generator)
        return Drawn(x.detach(), z.detach())

    def phi(self, x: Tensor) -> Float[Tensor, " count"]:
        """The bound at each sample, from the same random numbers each time: between close models their luck cancels."""
        self._proposals.manual_seed(self._seed + 1)
        return torch.cat([self._phi(chunk) for chunk in x.split(max(1, _AT_ONCE // self._ppm.draws))])

    def law(self, drawn: Drawn) -> Float[Tensor, " count"]:
        """``−ln p(x,z)``: no bound, and normalised."""
        assert drawn.z is not None
        joint = self._ppm.log_joint(drawn.x, drawn.z.unsqueeze(1)).detach().double()
        return -joint.squeeze(-1)

    def size(self, x: Tensor) -> Float[Tensor, ""]:
        """Dimensions of x."""
        return dimensions(x)

    def restart(self) -> None:
        """The same random numbers again."""
        self._generator.manual_seed(self._seed)

    def _phi(self, x: Tensor) -> Float[Tensor, " count"]:
        z = self._ppm.propose(x, self._ppm.draws, self._proposals)
        ratio = (self._ppm.log_joint(x, z) - self._ppm.log_proposal(x, z)).detach().double()
        return math.log(ratio.shape[-1]) - torch.logsumexp(ratio, -1)
