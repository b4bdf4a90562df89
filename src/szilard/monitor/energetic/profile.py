"""The relaxation inside an update, at the fine resolution δt: when and where to look, and how long X remembers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.monitor.thinning import ThinningSchedule

_BEYOND = 4
"""Times τ for which copies of the chains go on beyond it."""
_LOOKS = 16
"""Looks at their energies within each τ of that."""


@final
@dataclass(frozen=True, slots=True)
class RelaxationProfile:
    """The sub-steps at which energies are looked at.

    Attributes:
        within: sampler steps from 0 to τ, doubling: what the chains themselves go through.
        beyond: from τ to 5 τ, evenly: what copies of them go on to.
    """

    within: tuple[int, ...]
    beyond: tuple[int, ...]

    @classmethod
    def of(cls, sampler_steps: int) -> RelaxationProfile:
        """The sub-steps for chains that relax for ``sampler_steps`` at a record."""
        doubling = [2**power for power in range(sampler_steps.bit_length()) if 2**power < sampler_steps]
        stride = max(1, sampler_steps // _LOOKS)
        count = _BEYOND * sampler_steps // stride
        return cls((0, *doubling, sampler_steps), tuple(sampler_steps + stride * number for number in range(count + 1)))

    @property
    def sub_steps(self) -> tuple[int, ...]:
        """All that are recorded: of those beyond τ, what doubles again."""
        return (*self.within, *(self.beyond[index] for index in self._shown))

    def joined(
        self, within: Float[Tensor, "stops chains"], beyond: Float[Tensor, "looks chains"]
    ) -> Float[Tensor, "sub_steps chains"]:
        """Energies at :attr:`sub_steps`, those within the update first."""
        return torch.cat([within, beyond[self._shown]])

    def autocorrelation_time(self, beyond: Float[Tensor, "looks chains"]) -> Float[Tensor, ""]:
        """Integrated autocorrelation time of the energy, in sampler steps: ``s (1 + 2 Σ_h ρ(h))``, looks s steps apart.

        Correlations are over chains, about their mean at each time, so that a mean that still drifts does not count.
        The sum is cut by Geyer's initial monotone sequence. What lasts longer than the 4 τ that are looked at is not
        seen in full: the time is then a lower bound. It is never below s.
        """
        centred = beyond - beyond.mean(-1, keepdim=True)
        count = len(centred)
        length = 2 * count
        spectrum = torch.fft.rfft(centred, n=length, dim=0)
        products = torch.fft.irfft(spectrum.abs().square(), n=length, dim=0)[:count].mean(-1)
        pairs = torch.arange(count, 0, -1, dtype=products.dtype, device=products.device)
        rho = products / pairs
        rho = rho / rho[0].clamp(min=torch.finfo(rho.dtype).tiny)
        even = count - count % 2
        sums = rho[:even].reshape(-1, 2).sum(-1).cummin(0).values
        kept = torch.where((sums > 0).cummin(0).values, sums, torch.zeros_like(sums))
        stride = self.beyond[1] - self.beyond[0]
        return stride * (2 * kept.sum() - 1).clamp(min=1)

    @property
    def _shown(self) -> list[int]:
        last = len(self.beyond) - 1
        return sorted({last, *(max(1, last >> power) for power in range(_BEYOND.bit_length() + 1))})


def profile_schedule(first: float = 0) -> ThinningSchedule:
    """Which records have a profile of the relaxation: the first four, then ever more sparsely, from ``first`` on."""
    return ThinningSchedule(1.25, dense=4, first=first)
