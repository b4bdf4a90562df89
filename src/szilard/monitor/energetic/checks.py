"""What is checked of an energy and its sampler once, before they are watched."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from torch import Tensor

from szilard.errors import ModelError
from szilard.models.ppm import Energetic

_SAME = 1e3
"""Rounding units within which two evaluations of one energy agree, whatever order sums run in."""


def chain_starts(ppm: Energetic, count: int, generator: torch.Generator) -> Tensor:
    """A copy of ``count`` states where chains begin.

    Raises:
        ModelError: if they are not that, or are handed out of one memory each time: chains shared with something else.
    """
    name = f"{type(ppm).__name__}.start"
    x = ppm.start(count, generator)
    if not isinstance(x, Tensor) or x.dim() < 1 or len(x) != count:
        what = f"shape {tuple(x.shape)}" if isinstance(x, Tensor) else type(x).__name__
        raise ModelError(f"{name}({count}, generator) gives {what}: return {count} states, first dimension {count}.")
    if x.device.type != ppm.device.type:
        raise ModelError(f"{name} gives states on {x.device}, and the model is on {ppm.device}: make them there.")
    if not _finite(x):
        raise ModelError(f"{name} gives states that are not finite: let chains begin elsewhere.")
    if count > 1 and ppm.start(count, generator).data_ptr() == x.data_ptr():
        raise ModelError(
            f"{name} hands out the same memory each time, so that its chains are shared, with training perhaps, and "
            "chains that train θ break every law measured on them: return new states, by x.clone() at the least."
        )
    return x.detach().clone()


def check_energy(ppm: Energetic, x: Tensor) -> Tensor:
    """E at these states: one float64 number each, finite, and the same if asked again.

    Raises:
        ModelError: naming what it is instead and how to mend it.
    """
    name = f"{type(ppm).__name__}.energy"
    energy: Any = ppm.energy(x)
    if not isinstance(energy, Tensor) or energy.dtype != torch.float64:
        what = f"a {energy.dtype} tensor" if isinstance(energy, Tensor) else type(energy).__name__
        raise ModelError(f"{name} gives {what}, not float64 in nats: return energies with .double().")
    if energy.shape != (len(x),):
        raise ModelError(
            f"{name} gives shape {tuple(energy.shape)} for {len(x)} states, not ({len(x)},): return one number for "
            "each, summed over all its dimensions."
        )
    if not bool(torch.isfinite(energy).all()):
        raise ModelError(
            f"{name} is not finite at the chains' states: look for NaN or Inf in the weights, or chains that diverge."
        )
    energy = energy.clone()
    _stir(ppm)
    change = (ppm.energy(x) - energy).abs().max()
    if change > _SAME * torch.finfo(torch.float32).eps * (1 + energy.abs().max()):
        raise ModelError(
            f"two evaluations of {name} at the same states differ, and the noise would pass for work: something in it "
            "is random in evaluation mode too (F.dropout needs training=self.training), or depends on the batch."
        )
    return energy


def check_sampler(ppm: Energetic, x: Tensor, sampler_steps: int, seed: int) -> None:
    """That X's dynamics keep what they are given, move, stay finite, and depend on states and generator alone.

    Raises:
        ModelError: naming which they do not, and how to mend it.
    """
    name = f"{type(ppm).__name__}.relax"
    before = x.clone()

    def relaxed() -> Tensor:
        relaxation = ppm.relax(x, sampler_steps, torch.Generator(ppm.device).manual_seed(seed))
        found: Any = relaxation.x
        for what in (relaxation.acceptance, relaxation.shadow_work):
            if what.shape != (len(x),):
                raise ModelError(
                    f"{name} gives acceptance or shadow work shaped {tuple(what.shape)} for {len(x)} states: return "
                    "one number for each."
                )
        if found.shape != x.shape or found.dtype != x.dtype:
            raise ModelError(
                f"{name} turns {x.dtype} states shaped {tuple(x.shape)} into {found.dtype}, {tuple(found.shape)}: "
                "return as many states of the same kind."
            )
        return found.detach().clone()

    first = relaxed()
    if not torch.equal(x, before):
        raise ModelError(f"{name} changes the states it is given in place: work on x.clone(), and return new ones.")
    if not _finite(first):
        raise ModelError(
            f"chains diverge within {sampler_steps} sampler steps: give the sampler a smaller step size, or an energy "
            "that grows far out."
        )
    _stir(ppm)
    if not torch.equal(relaxed(), first):
        raise ModelError(
            f"{name} gives other states for the same ones and the same generator: it must depend on nothing else. Draw "
            "all random numbers from the generator, and never move chains that training moves too."
        )
    if torch.equal(first, x):
        raise ModelError(
            f"the sampler does not move: {len(x)} chains are where they were after {sampler_steps} sampler steps. Give "
            "it a smaller step size, so that some proposals are accepted, or another start."
        )


def _stir(ppm: Energetic) -> None:
    """Moves the global random states on; the run's own are put back by whoever asked."""
    torch.rand(1), torch.rand(1, device=ppm.device), np.random.random(), random.random()  # noqa: NPY002


def _finite(x: Tensor) -> bool:
    return not x.is_floating_point() or bool(torch.isfinite(x).all())
