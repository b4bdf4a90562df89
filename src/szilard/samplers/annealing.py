"""Weighted populations: annealed importance sampling, and drawing anew by weights.

Annealed importance sampling: ``ln Z`` along a bridge from a law that is known to one that is not.

Weighted populations: how many samples they are worth, and drawing them anew by their weights.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from szilard.errors import SpecError
from szilard.samplers.kernel import Energy, Kernel

Stage = tuple[Energy, Kernel]
"""An energy on the bridge, and a kernel that relaxes to it."""


@final
@dataclass(frozen=True, slots=True)
class Annealed:
    """Chains at the end of a bridge.

    Attributes:
        x: the last states; with their weights, samples of the last law.
        log_weights: ``−Σ ΔE`` along the way, shadow work included: ``⟨e^{log_weights}⟩ = Z_last/Z_first``.
    """

    x: Tensor
    log_weights: Float[Tensor, " count"]

    @property
    def log_ratio(self) -> float:
        """``ln ⟨e^{log_weights}⟩``, an estimate of ``ln(Z_last/Z_first)``; too low on average, by half its error²."""
        return float(torch.logsumexp(self.log_weights, 0)) - math.log(len(self.log_weights))

    @property
    def error(self) -> float:
        """Standard error of :attr:`log_ratio`, to first order: ``√((count/ESS − 1)/count)``."""
        count = len(self.log_weights)
        return math.sqrt(max(0.0, count / self.effective_samples - 1) / (count - 1))

    @property
    def effective_samples(self) -> float:
        """Effective chains, of all of them; where they are few neither number is to be trusted."""
        return float(effective_sample_size(self.log_weights))


def anneal(stages: Sequence[Stage], x: Tensor, generator: torch.Generator, *, sampler_steps: int = 1) -> Annealed:
    """Carries samples of the first stage to the last: weights take up the change of energy, then chains relax.

    ``ln w = −Σ_k [E_k(x_{k−1}) − E_{k−1}(x_{k−1})]`` and ``x_k`` follows from ``x_{k−1}`` by ``sampler_steps`` steps
    under ``E_k`` (Neal, Stat. Comput. 11, 125 (2001)): Jarzynski's equality with training replaced by the bridge.

    Args:
        stages: energies with their kernels from first to last, both ends included.
        x: independent exact samples of ``e^{−E_first}/Z_first``, at least two.
        generator: of the kernels.
        sampler_steps: relaxation at each stage after the first.

    Raises:
        SpecError: for fewer than two stages or samples.

    Example:
        >>> import torch
        >>> from szilard.samplers import MALA, anneal
        >>> def narrower(k):  # harmonic traps, stiffer by and by: ln Z falls by ln(2)/2
        ...     return lambda x: (1 + 3 * k / 20) * x.square().sum(1) / 2
        >>> generator = torch.Generator().manual_seed(0)
        >>> bridge = [(narrower(k), MALA(0.3)) for k in range(21)]
        >>> annealed = anneal(bridge, torch.randn(2000, 1, generator=generator), generator)
        >>> abs(annealed.log_ratio + torch.tensor(4.0).log().item() / 2) < 3 * annealed.error
        True
    """
    if len(stages) < 2 or len(x) < 2:
        raise SpecError("annealing needs at least two stages and two samples: give more of them.")
    log_weights = torch.zeros(len(x), dtype=torch.float64, device=x.device)
    with torch.no_grad():
        for (before, _), (after, kernel) in itertools.pairwise(stages):
            log_weights -= after(x).double() - before(x).double()
            relaxed = kernel.relax(after, x, sampler_steps, generator)
            x = relaxed.x
            log_weights -= relaxed.shadow_work
    return Annealed(x, log_weights)


def geometric_bridge(first: Energy, last: Energy, kernel: Kernel, stages: int) -> list[Stage]:
    """``E_β = (1−β) E_first + β E_last`` for evenly spaced β from 0 to 1, all with the same kernel.

    Raises:
        SpecError: for fewer than two stages.
    """
    if stages < 2:
        raise SpecError(f"a bridge needs at least two stages, not {stages}: give more.")

    def between(share: float) -> Energy:
        return lambda x: (1 - share) * first(x) + share * last(x)

    return [(between(number / (stages - 1)), kernel) for number in range(stages)]


def effective_sample_size(log_weights: Float[Tensor, "*populations count"]) -> Float[Tensor, " *populations"]:
    """``(Σw)²/Σw²``, from 1 to ``count``, of each population (Kong 1992); log weights need no normalisation.

    Example:
        >>> import torch
        >>> effective_sample_size(torch.tensor([[0.0, 0.0], [0.0, -torch.inf]])).tolist()
        [2.0, 1.0]
    """
    log_weights = log_weights.double()
    return torch.exp(2 * torch.logsumexp(log_weights, -1) - torch.logsumexp(2 * log_weights, -1))


def systematic(
    log_weights: Float[Tensor, "*populations count"], generator: torch.Generator
) -> Int[Tensor, "*populations count"]:
    """Which members of each population stand in its next one, by systematic resampling.

    One uniform number for each population shifts a comb of ``count`` equal teeth over its cumulative weights: member i
    is chosen ``count·w_i/Σw`` times, rounded down or up, and in expectation exactly. Any function of the members keeps
    its weighted mean in expectation. Indices rise. (Kitagawa, J. Comput. Graph. Stat. 5, 1 (1996).)

    Example:
        >>> import torch
        >>> weights = torch.tensor([0.5, 0.25, 0.25, 0.0])
        >>> systematic(weights.log(), torch.Generator().manual_seed(0)).tolist()
        [0, 0, 1, 2]
    """
    count = log_weights.shape[-1]
    cumulative = torch.softmax(log_weights.double(), -1).cumsum(-1)
    cumulative = cumulative / cumulative[..., -1:]
    shift = torch.rand(
        (*log_weights.shape[:-1], 1), generator=generator, device=generator.device, dtype=torch.float64
    ).to(log_weights.device)
    teeth = (torch.arange(count, device=log_weights.device, dtype=torch.float64) + shift) / count
    chosen = torch.searchsorted(cumulative, teeth.contiguous(), right=True)
    # A tooth at the very end may fall behind the last cumulative weight by rounding.
    return chosen.clamp(max=count - 1)
