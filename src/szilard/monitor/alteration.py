"""A model that becomes another one in mid-run: its layers, their shapes, kinds of number or devices change."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from szilard.errors import ModelError
from szilard.models.shortage import out_of_memory


class AlteredError(ModelError):
    """What the model gives can no longer be held against what it gave before."""


@final
class MakeUp:
    """What a model was made of, whatever the values, when its run began.

    Args:
        module: the model.
    """

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._first = _parts(module)

    def alteration(self, error: Exception) -> str | None:
        """Why no record can be made any more, where that is what this error of a record comes from; else None."""
        if isinstance(error, AlteredError):
            return str(error)
        if out_of_memory(error) or out_of_memory(error.__cause__ or error):
            return None
        now = _parts(self._module)
        names = [name for name in {**self._first, **now} if self._first.get(name) != now.get(name)]
        if not names:
            return None
        return (
            f"the model was altered ({names[0]} {_told(self._first.get(names[0]))} and {_told(now.get(names[0]))} now) "
            f"and can no longer be evaluated on the probe ({type(error).__name__}): watch the altered model anew"
        )


def check_alike(logits: Tensor, before: Tensor) -> None:
    """That logits are of the same outcomes as those of the record before.

    Raises:
        AlteredError: if their shapes or kinds of number differ.
    """
    if logits.shape[1:] == before.shape[1:] and logits.dtype == before.dtype:
        return
    raise AlteredError(
        f"the model's logits were {_shape(before)} and are {_shape(logits)} now, so the model was altered: watch the "
        "altered one anew"
    )


def _parts(module: nn.Module) -> dict[str, tuple[torch.Size, torch.dtype, torch.device]]:
    return {name: (each.shape, each.dtype, each.device) for name, each in module.named_parameters()}


def _told(part: tuple[torch.Size, torch.dtype, torch.device] | None) -> str:
    if part is None:
        return "was missing"
    shape, dtype, device = part
    return f"was {tuple(shape)} in {str(dtype).removeprefix('torch.')} on {device}"


def _shape(logits: Tensor) -> str:
    """Heads and outcomes, which pools begin with earlier models."""
    heads, outcomes = logits.shape[-2:]
    return f"{heads:,} × {outcomes:,} in {str(logits.dtype).removeprefix('torch.')}"
