"""In what precision φ is really computed: what a forward pass below float32 does to the ledger is said, not hidden."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Precision:
    """The forward pass's arithmetic.

    Attributes:
        name: ``"float64"``, ``"float32"``, ``"tf32"``, ``"bfloat16"`` or ``"float16"``.
        epsilon: the relative rounding unit.
    """

    name: str
    epsilon: float

    @property
    def flagged(self) -> bool:
        """True below float32, where differences of φ drown in rounding (theory §7)."""
        return self.name not in ("float64", "float32")


_ROUGH = {torch.bfloat16: "bfloat16", torch.float16: "float16"}


def forward_precision(module: nn.Module, logits: Tensor) -> Precision:
    """The coarsest precision that shows: of parameters, of logits, of float32 matrix products, or of a hidden rounding.

    Logits given as float32 but all exactly representable in 16 bits betray an autocast inside the model.
    """
    dtypes = {p.dtype for p in module.parameters() if p.is_floating_point()} | {logits.dtype}
    for rough, name in _ROUGH.items():
        if rough in dtypes or _rounded_to(logits, rough):
            return Precision(name, torch.finfo(rough).eps)
    if torch.float32 in dtypes:
        if torch.get_float32_matmul_precision() != "highest":
            if logits.device.type == "cuda" or torch.get_float32_matmul_precision() == "high":
                return Precision("tf32", 2.0**-10)
            return Precision("bfloat16", torch.finfo(torch.bfloat16).eps)
        return Precision("float32", torch.finfo(torch.float32).eps)
    return Precision("float64", torch.finfo(torch.float64).eps)


def _rounded_to(logits: Tensor, dtype: torch.dtype) -> bool:
    """Whether many distinct values are all representable in ``dtype``; a few special values (zeros) prove nothing."""
    if logits.dtype is dtype:
        return True
    distinct = torch.unique(logits.detach().flatten()[:4096])
    return bool(distinct.numel() >= 16 and torch.equal(distinct.to(dtype).to(distinct.dtype), distinct))
