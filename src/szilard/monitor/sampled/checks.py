"""What is checked of a model that is watched by its samples: once before, and over the whole run."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from szilard.errors import ModelError, SzilardWarning
from szilard.ledger.slots import SlotSum
from szilard.models.checks import possible
from szilard.models.ppm import PPM
from szilard.models.state.keeping import as_at_first

_SAME = 1e3
"""Rounding units within which two evaluations of one model agree, whatever order sums run in."""
_WITHIN_REACH = 0.5
"""Effective share of scouts from which ``⟨e^{−d}⟩`` is believed: of a far jump hardly any sample carries it."""
_ALARM = 6.0
"""Errors from 1 at which ``⟨e^{−d}⟩`` of a whole run is spoken of."""


def check_samples(ppm: PPM, x: Any, count: int, method: str = "sample") -> Tensor:
    """That ``x`` is a tensor of ``count`` samples on the model's device.

    Raises:
        ModelError: naming what it is instead and how to mend it.
    """
    name = f"{type(ppm).__name__}.{method}"
    if not isinstance(x, Tensor):
        raise ModelError(f"{name}({count}, generator) gives {type(x).__name__}, not a tensor: return the samples.")
    if x.dim() < 1 or x.shape[0] != count:
        raise ModelError(
            f"{name}({count}, generator) gives shape {tuple(x.shape)}: return {count} samples, first dimension {count}."
        )
    if x.device.type != ppm.device.type:
        raise ModelError(f"{name} gives samples on {x.device}, and the model is on {ppm.device}: draw them there.")
    if x.is_floating_point() and not bool(torch.isfinite(x).all()):
        raise ModelError(f"{name} gives samples that are not finite: look for NaN or Inf in the weights.")
    return x


def check_phi(ppm: PPM, phi: Any, shape: int | tuple[int, ...], method: str) -> Tensor:
    """That φ, or a log-probability, is one float64 number for each sample.

    Raises:
        ModelError: naming what it is instead and how to mend it.
    """
    name = f"{type(ppm).__name__}.{method}"
    expected = (shape,) if isinstance(shape, int) else shape
    if not isinstance(phi, Tensor) or phi.dtype != torch.float64:
        what = f"a {phi.dtype} tensor" if isinstance(phi, Tensor) else type(phi).__name__
        raise ModelError(
            f"{name} gives {what}, not float64 in nats, and small changes of it would drown in rounding: "
            "sum the log-probabilities in float64."
        )
    if phi.shape != expected:
        raise ModelError(
            f"{name} gives shape {tuple(phi.shape)}, not {expected}: return one number for each sample, summed over "
            "all its dimensions."
        )
    if not bool(torch.isfinite(phi).all()):
        raise ModelError(f"{name} is not finite at the model's own samples: look for NaN or Inf in the weights.")
    return phi


def check_repeatable(ppm: PPM, evaluate: Callable[[], Tensor]) -> None:
    """That a second evaluation at the same samples, with other global random numbers, gives the same.

    Both see the model as it was at first: what remembers is not random.

    Raises:
        ModelError: if it does not: the noise would pass for work.
    """
    as_at_first(ppm.module)
    first = evaluate().clone()
    as_at_first(ppm.module)
    torch.rand(1), torch.rand(1, device=ppm.device), np.random.random(), random.random()  # noqa: NPY002
    change = (possible(evaluate()) - possible(first)).abs().max()
    first = possible(first)
    if change > _SAME * torch.finfo(torch.float32).eps * (1 + first.abs().max()):
        raise ModelError(
            f"two evaluations of {type(ppm).__name__} at the same samples differ, and the noise would pass for work: "
            "something in it is random in evaluation mode too (F.dropout needs training=self.training; a bound must "
            "take its draws as given), or remembers outside of its attributes what it was shown."
        )


@final
class NormalisationCheck:
    """Whether ``⟨e^{−d}⟩`` is 1 over a whole run, as it is for a φ that is normalised.

    Args:
        nothing: no excess yet, per slot.
    """

    def __init__(self, nothing: SlotSum) -> None:
        self.excess = nothing
        """``Σ_t ⟨w (e^{−d} − 1)⟩`` over the jumps within the samples' reach."""
        self.blind = False
        """Whether a jump so far went beyond the reach of its samples."""
        self._records = 0

    def add(self, excess: SlotSum, share: float) -> None:
        """Takes in one jump, of which ``share`` of the scouts are still worth something."""
        if share > _WITHIN_REACH:
            self.excess = self.excess + excess
            self._records += 1
        else:
            self.blind = True

    def judge(self, ppm: PPM) -> None:
        """Speaks up where the fluctuation theorem fails over the whole run."""
        off, error, records = float(self.excess.value), float(self.excess.error), self._records
        if abs(off) > _ALARM * error and abs(off) > 1e-6 * records:
            warnings.warn(
                f"⟨e^−d⟩ is {1 + off / records:.4f} ± {error / records:.4f} over {records} records, "
                f"not 1: {type(ppm).__name__} is not normalised (look for a missing log-determinant or ln Z), or "
                "its samples are not of the density that it states.",
                SzilardWarning,
                stacklevel=5,
            )
