"""The training loss between records: its mean with a standard error, gathered without waiting for the device."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor


@final
class LossMeter:
    """Sums of the losses given to ``Monitor.step`` since the previous record."""

    def __init__(self) -> None:
        self._count = 0
        self._sum: float | Tensor = 0.0
        self._square: float | Tensor = 0.0

    def add(self, loss: float | Tensor) -> bool:
        """One step's loss. False if it is known not to be finite; on a GPU that shows only at the next flush."""
        if isinstance(loss, Tensor):
            loss = loss.detach()
            if loss.numel() != 1:
                loss = loss.mean()
            loss = loss.reshape(()).double() if loss.device.type == "cuda" else float(loss)
        self._count += 1
        self._sum = self._sum + loss
        self._square = self._square + loss * loss
        return isinstance(loss, Tensor) or math.isfinite(loss)

    def drain(self, device: torch.device) -> Tensor | None:
        """Mean and standard error over the steps since the previous drain, as two float64 numbers; None without any."""
        if self._count == 0:
            return None
        count, total, square = self._count, self._sum, self._square
        self._count, self._sum, self._square = 0, 0.0, 0.0
        sums = torch.stack([torch.as_tensor(x, dtype=torch.float64, device=device) for x in (total, square)])
        mean = sums[0] / count
        variance = (sums[1] / count - mean**2).clamp(min=0) / max(count - 1, 1)
        error = variance.sqrt() if count > 1 else torch.full_like(mean, math.nan)
        return torch.stack([mean, error])
