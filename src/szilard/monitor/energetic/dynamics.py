"""What is looked at of X's own dynamics: relaxation inside an update, and whether correlations are reciprocal in time.

The relaxation inside an update, at the fine resolution δt: when and where to look, and how long X remembers.

Whether X's own dynamics look the same forwards and backwards: correlations in time against their reversal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.ledger.totals import mean_weighted
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


Weights = Float[Tensor, "islands particles"]

_MOST_FEATURES = 64
"""Dimensions of X; more are projected to as many random directions before directions are sought among them."""


@final
@dataclass(frozen=True, slots=True)
class Reciprocity:
    """Two fixed linear functions f and g of X.

    In a stationary state with detailed balance ``⟨f(x) g(x')⟩ = ⟨f(x') g(x)⟩`` for states a relaxation apart, whatever
    f and g (Onsager's reciprocity; local detailed balance, Eq. 20 of the paper, for a kernel under fixed θ). Linear
    functions see what turns around in space, as sweeps in a fixed order and forces without a potential do.

    Attributes:
        directions: of f and g.
    """

    directions: Float[Tensor, "2 features"]

    @classmethod
    def sought(cls, before: Tensor, after: Tensor, generator: torch.Generator) -> Reciprocity:
        """The plane in which these pairs turn fastest: the leading singular pair of ``⟨x x'ᵀ⟩ − ⟨x' xᵀ⟩``.

        Pairs that obey detailed balance give some plane, by chance; what is measured in it later, on other states,
        is then 0 in expectation all the same.

        Args:
            before, after: the same chains on both sides of a relaxation, and others than those to be measured.
            generator: of the random directions, where X has many dimensions.
        """
        x, y = (values.reshape(len(values), -1).double() for values in (before, after))
        features = x.shape[1]
        basis = torch.eye(features, dtype=torch.float64, device=x.device)
        if features > _MOST_FEATURES:
            shape = (features, _MOST_FEATURES)
            basis = torch.randn(shape, generator=generator, device=x.device, dtype=torch.float64) / features**0.5
        x, y = x @ basis, y @ basis
        spread = x.std(0)
        scaled = torch.where(spread > 0, 1 / spread, torch.zeros_like(spread))
        middle = x.mean(0)
        x, y = (x - middle) * scaled, (y - middle) * scaled
        turning = x.T @ y
        left, _, right = torch.linalg.svd(turning - turning.T)
        return cls(torch.stack([left[:, 0], right[0]]) * scaled @ basis.T)

    def asymmetry(self, before: Tensor, after: Tensor, weights: Weights) -> Float[Tensor, " islands"]:
        """``⟨f(x)g(x') − f(x')g(x)⟩`` of each island, over the standard deviations of f and g, all states together.

        Args:
            before, after: the same particles on both sides of a relaxation.
            weights: of the particles, adding up to 1 on each island.
        """
        (f, g), (f_after, g_after) = self._centred(before, weights), self._centred(after, weights)
        turned: Tensor = mean_weighted(f * g_after - f_after * g, weights).value
        scale = ((weights * f_after.square()).sum(-1).mean() * (weights * g_after.square()).sum(-1).mean()).sqrt()
        # where nothing varies there is nothing to be asymmetric: 0
        return turned / scale.clamp(min=torch.finfo(torch.float64).tiny)

    def memory(
        self, before: Tensor, energy_before: Tensor, after: Tensor, energy_after: Tensor, islands: int
    ) -> Float[Tensor, ""]:
        """The largest correlation over a relaxation: of the energy, of f or of g; a mean over islands, unweighted.

        Args:
            before, energy_before, after, energy_after: the same particles on both sides.
            islands: into which the particles fall, alike in size.
        """
        values = []
        for x, energy in ((before, energy_before), (after, energy_after)):
            linear = (x.reshape(len(x), -1).double() @ self.directions.T).T
            every = torch.cat([energy.reshape(1, -1), linear]).reshape(3, islands, -1)
            values.append(every - every.mean(-1, keepdim=True))
        x, y = values
        scale = (x.square().sum(-1) * y.square().sum(-1)).sqrt().clamp(min=torch.finfo(torch.float64).tiny)
        return ((x * y).sum(-1) / scale).mean(-1).max()

    def _centred(self, x: Tensor, weights: Weights) -> Float[Tensor, "2 islands particles"]:
        values = (x.reshape(len(x), -1).double() @ self.directions.T).T.reshape(2, *weights.shape)
        return values - (weights * values).sum(-1).mean(-1)[:, None, None]
