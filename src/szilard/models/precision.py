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
        """True below float32, where differences of φ drown in rounding."""
        return self.name not in ("float64", "float32")


_ROUGH = {torch.bfloat16: "bfloat16", torch.float16: "float16"}


def forward_precision(module: nn.Module, logits: Tensor) -> Precision:
    """The coarsest precision that shows: of parameters, of logits, of float32 operations, or of a hidden rounding.

    Logits given as float32 but all exactly representable in 16 bits betray an autocast inside the model.
    """
    dtypes = {p.dtype for p in module.parameters() if p.is_floating_point()} | {logits.dtype}
    for rough, name in _ROUGH.items():
        if rough in dtypes or _rounded_to(logits, rough):
            return Precision(name, torch.finfo(rough).eps)
    if torch.float32 not in dtypes:
        return Precision("float64", torch.finfo(torch.float64).eps)
    allowed = _allowed_in_float32(module, logits.device)
    if "bf16" in allowed:
        return Precision("bfloat16", torch.finfo(torch.bfloat16).eps)
    if "tf32" in allowed:
        return Precision("tf32", 2.0**-10)
    return Precision("float32", torch.finfo(torch.float32).eps)


def _allowed_in_float32(module: nn.Module, device: torch.device) -> set[str]:
    """What PyTorch may use inside float32 operations that this module has: ``"ieee"``, ``"tf32"``, ``"bf16"``.

    On a GPU convolutions are in TF32 unless that is switched off.
    """
    cuda = device.type == "cuda"
    if cuda and torch.cuda.get_device_capability(device) < (8, 0):
        return {"ieee"}  # no tensor cores that round so
    kinds = {"matmul": nn.Module, "conv": nn.modules.conv._ConvNd, "rnn": nn.RNNBase}
    present = [name for name, kind in kinds.items() if any(isinstance(part, kind) for part in module.modules())]
    backends = {name: ("cuda" if name == "matmul" else "cudnn") if cuda else "mkldnn" for name in present}
    return {_fp32_precision(backend, name) for name, backend in backends.items()}


def _fp32_precision(backend: str, operation: str) -> str:
    setting = getattr(getattr(getattr(torch.backends, backend), operation, None), "fp32_precision", None)
    if setting is not None:
        return str(setting)
    # before torch 2.9; where the above exists, asking so may raise
    if operation == "matmul":
        reduced = "tf32" if backend == "cuda" else "bf16"
        return {"highest": "ieee", "high": "tf32", "medium": reduced}[torch.get_float32_matmul_precision()]
    return "tf32" if backend == "cudnn" and torch.backends.cudnn.allow_tf32 else "ieee"


def _rounded_to(logits: Tensor, dtype: torch.dtype) -> bool:
    """Whether many distinct values are all representable in ``dtype``; a few special values (zeros) prove nothing."""
    if logits.dtype is dtype:
        return True
    distinct = torch.unique(logits.detach().flatten()[:4096])
    return bool(distinct.numel() >= 16 and torch.equal(distinct.to(dtype).to(distinct.dtype), distinct))
