"""What the loop itself says between records: training loss, learning rate and time, without waiting for the device."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

from torch import Tensor


@final
@dataclass(frozen=True, slots=True)
class LossSum:
    """Losses of several steps; the sums may still be on the device."""

    count: int
    total: float | Tensor
    square: float | Tensor

    def estimate(self) -> dict[str, float]:
        """``loss``, the mean over the steps, and ``loss_error``, its standard error (NaN for a single step)."""
        mean = float(self.total) / self.count
        if self.count == 1:
            return {"loss": mean, "loss_error": math.nan}
        variance = max(float(self.square) / self.count - mean**2, 0.0) / (self.count - 1)
        return {"loss": mean, "loss_error": math.sqrt(variance)}


@final
class LossMeter:
    """Adds up the losses given to ``Monitor.step`` since the previous record."""

    def __init__(self) -> None:
        self._sum = LossSum(0, 0.0, 0.0)

    def add(self, loss: float | Tensor) -> bool:
        """One step's loss. False if it is known not to be finite; on a GPU that shows only at the next flush."""
        if isinstance(loss, Tensor):
            if loss.numel() != 1:
                loss = loss.detach().double().mean()
            # every step pays for this line: no operation on the CPU, no waiting on a GPU
            loss = loss.detach().double().reshape(()) if loss.device.type == "cuda" else loss.item()
        self._sum = LossSum(self._sum.count + 1, self._sum.total + loss, self._sum.square + loss * loss)
        return isinstance(loss, Tensor) or math.isfinite(loss)

    def drain(self) -> LossSum | None:
        """The sums since the previous drain; None without a loss."""
        drained, self._sum = self._sum, LossSum(0, 0.0, 0.0)
        return drained if drained.count else None


@final
@dataclass(frozen=True, slots=True)
class LoopState:
    """What the loop knows at a record and the model does not; tensors may wait on the device until they are written.

    Attributes:
        wall_time: seconds since the monitor was made.
        learning_rate: that the optimiser used in its last step; None without an optimiser.
        loss: since the previous record; None if none was given.
    """

    wall_time: float
    learning_rate: float | Tensor | None
    loss: LossSum | None

    def columns(self) -> dict[str, Any]:
        """Columns of the ledger: ``loss`` and its error, ``wall_time`` in seconds, ``learning_rate``."""
        columns: dict[str, Any] = {} if self.loss is None else {**self.loss.estimate()}
        columns["wall_time"] = self.wall_time
        if self.learning_rate is not None:
            columns["learning_rate"] = float(self.learning_rate)
        return columns
