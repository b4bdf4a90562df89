"""Gibbs sampling: parts of X are drawn anew from their law given the rest; nothing is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from szilard.errors import SpecError
from szilard.samplers.kernel import Energy, Relaxation, check_energy, uniform_like

Redraw = Callable[[Tensor, torch.Generator], Tensor]
"""New states from states: a block of them drawn from its law given the rest, which stays."""


@final
@dataclass(frozen=True, slots=True)
class BlockGibbs:
    """One step redraws each block in turn from its conditional law.

    Each redrawing leaves ``e^{−E}/Z`` invariant if its law is that of the energy, which is the caller's to see to: the
    energy itself is not evaluated. A restricted Boltzmann machine's ``v → h → v`` is a single redrawing of v, in
    detailed balance with ``e^{−F(v)}/Z``; several blocks in a fixed order leave the law invariant without detailed
    balance, unless the order reads the same from both ends. (Geman & Geman, IEEE PAMI 6, 721 (1984).)

    Args:
        blocks: functions ``(x, generator) -> x``, applied in this order; they must not change their argument.

    Raises:
        SpecError: if there are no blocks.

    Example:
        >>> import torch
        >>> def coin(x, generator):
        ...     return torch.bernoulli(torch.full_like(x, 0.25), generator=generator)
        >>> relaxed = BlockGibbs((coin,)).relax(None, torch.zeros(10_000, 1), 1, torch.Generator().manual_seed(0))
        >>> abs(relaxed.x.mean().item() - 0.25) < 0.02
        True
    """

    blocks: tuple[Redraw, ...]

    def __post_init__(self) -> None:
        if not self.blocks:
            raise SpecError(
                "a Gibbs kernel without blocks does nothing: give at least one function (x, generator) -> x."
            )

    def relax(self, energy: Energy | None, x: Tensor, sampler_steps: int, generator: torch.Generator) -> Relaxation:
        """See :class:`szilard.samplers.Kernel`; the energy is not looked at."""
        state = x.detach()
        for _ in range(sampler_steps):
            for redraw in self.blocks:
                state = redraw(state, generator)
        ones = torch.ones(len(x), dtype=torch.float64, device=x.device)
        return Relaxation(state.clone() if sampler_steps == 0 else state, ones, torch.zeros_like(ones))


@final
@dataclass(frozen=True, slots=True)
class SiteGibbs:
    """Gibbs sampling of variables with two values under any energy, one site at a time.

    One step is a sweep over all sites in a random order, the same for all chains: ``P(x_i = b | rest) =
    1/(1 + e^{E(x_i = b) − E(x_i = a)})``. Averaged over the orders it is in detailed balance with ``e^{−E}/Z``. Each
    sweep evaluates the energy once per site and once more, so it is meant for small systems.

    Args:
        values: the two values a and b of a site.

    Example:
        >>> import torch
        >>> relaxed = SiteGibbs().relax(lambda x: x.sum(1), torch.zeros(10_000, 2), 1, torch.Generator().manual_seed(0))
        >>> abs(relaxed.x.mean().item() - 1 / (1 + torch.e)) < 0.02
        True
    """

    values: tuple[float, float] = (0.0, 1.0)

    def relax(self, energy: Energy, x: Tensor, sampler_steps: int, generator: torch.Generator) -> Relaxation:
        """``sampler_steps`` sweeps over all sites of every chain; see :class:`szilard.samplers.Kernel`."""
        first, second = self.values
        state = x.detach().clone().reshape(len(x), -1)
        current = _energies(energy, state, x)
        for _ in range(sampler_steps):
            order = torch.randperm(state.shape[1], generator=generator, device=generator.device)
            for site in order.tolist():
                flipped = state.clone()
                flipped[:, site] = torch.where(state[:, site] == second, first, second).to(state.dtype)
                other = _energies(energy, flipped, x)
                taken = uniform_like(current, generator) < torch.sigmoid(current - other)
                state = torch.where(taken.unsqueeze(1), flipped, state)
                current = torch.where(taken, other, current)
        ones = torch.ones(len(x), dtype=torch.float64, device=x.device)
        return Relaxation(state.reshape(x.shape), ones, torch.zeros_like(ones))


def _energies(energy: Energy, state: Tensor, like: Tensor) -> Tensor:
    value = energy(state.reshape(like.shape))
    check_energy(value, len(like))
    return value.detach().double()
