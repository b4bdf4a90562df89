"""Step sizes, adapted while chains burn in and fixed thereafter: adapting chains that measure would bias them."""

from __future__ import annotations

import dataclasses
import math

import torch
from torch import Tensor

from szilard.errors import SpecError
from szilard.samplers.kernel import Energy
from szilard.samplers.langevin import MALA

TARGET = 0.574
"""Optimal acceptance of MALA in many dimensions (Roberts & Rosenthal, J. R. Stat. Soc. B 60, 255 (1998))."""


def adapted(
    kernel: MALA, energy: Energy, x: Tensor, sampler_steps: int, generator: torch.Generator, *, target: float = TARGET
) -> tuple[MALA, Tensor]:
    """A kernel whose proposals are taken about as often as ``target``, and where the chains came to meanwhile.

    ``ln ε ← ln ε + (⟨a⟩ − target)/k^{0.6}`` after the k-th step, ⟨a⟩ the mean acceptance of all chains (Robbins &
    Monro); the second half of the steps is averaged. The chains are burnt in, nothing more.

    Raises:
        SpecError: for fewer than two steps, or a target that is not between 0 and 1.

    Example:
        >>> import torch
        >>> generator = torch.Generator().manual_seed(0)
        >>> kernel, x = adapted(MALA(5.0), lambda x: x.square().sum(1) / 2, torch.randn(500, 20), 200, generator)
        >>> 0.3 < kernel.step_size < 0.9
        True
    """
    if sampler_steps < 2 or not 0 < target < 1:
        raise SpecError(
            "adaptation needs two steps and a target between 0 and 1: give sampler_steps=100, target=0.574."
        )
    log_step = math.log(kernel.step_size)
    late: list[float] = []
    for number in range(1, sampler_steps + 1):
        relaxed = dataclasses.replace(kernel, step_size=math.exp(log_step)).relax(energy, x, 1, generator)
        x = relaxed.x
        log_step += (float(relaxed.acceptance.mean()) - target) / number**0.6
        if 2 * number > sampler_steps:
            late.append(log_step)
    return dataclasses.replace(kernel, step_size=math.exp(sum(late) / len(late))), x
