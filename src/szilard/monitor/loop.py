"""What the loop itself says between records: training loss, learning rate and time, without waiting for the device."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import torch
from torch import Tensor, nn

from szilard.errors import SpecError
from szilard.models.sharding import local

_FOLDED = 64
"""Losses that wait on a device before they are added up there together."""


@final
@dataclass(frozen=True, slots=True)
class LossSum:
    """Losses of several steps; the sums may still be on the device.

    Attributes:
        count: of the steps whose loss was finite.
        total, square: sums over these.
        gaps: steps whose loss was not.
    """

    count: int | Tensor = 0
    total: float | Tensor = 0.0
    square: float | Tensor = 0.0
    gaps: int | Tensor = 0

    def and_one(self, loss: float) -> LossSum:
        """With one loss more, known on the host."""
        if not math.isfinite(loss):
            return replace(self, gaps=self.gaps + 1)
        return LossSum(self.count + 1, self.total + loss, self.square + loss * loss, self.gaps)

    def __add__(self, other: LossSum) -> LossSum:
        """Of both."""
        count, total = self.count + other.count, self.total + other.total
        return LossSum(count, total, self.square + other.square, self.gaps + other.gaps)

    def and_all(self, losses: Sequence[Tensor]) -> LossSum:
        """With several more, added up where they lie."""
        each = torch.stack(list(losses))
        finite = each.isfinite()
        each = torch.where(finite, each, 0.0)
        count, square = finite.sum(), each.square().sum()
        gaps = self.gaps + len(each) - count
        return LossSum(self.count + count, self.total + each.sum(), self.square + square, gaps)

    def estimate(self) -> dict[str, float]:
        """``loss``, the mean over the steps, and ``loss_error``, its standard error (NaN for a single step)."""
        count = int(self.count)
        if count == 0:
            return {"loss": math.nan, "loss_error": math.nan}
        mean = float(self.total) / count
        if count == 1:
            return {"loss": mean, "loss_error": math.nan}
        variance = max(float(self.square) / count - mean**2, 0.0) / (count - 1)
        return {"loss": mean, "loss_error": math.sqrt(variance)}


@final
class LossMeter:
    """Adds up the losses given to ``Monitor.step`` or ``Monitor.loss`` since the previous record.

    Args:
        late: steps are told of when the next one begins, whose loss may be known by then: a record takes those alone
            that were given before :meth:`step_done`.
    """

    def __init__(self, late: bool = False) -> None:
        self._sum = LossSum()
        self._waiting: list[Tensor] = []
        self._given = False
        self._of_steps_done = LossMeter() if late else self

    def add(self, loss: float | Tensor) -> bool:
        """One step's loss. False if it is known not to be finite: a gap. On a GPU that shows only at the next flush.

        Raises:
            SpecError: for what is no number, and no tensor of numbers.
        """
        if not isinstance(loss, Tensor):
            loss = _number(loss)
        self._given = True
        if isinstance(loss, Tensor):
            if loss.numel() != 1:
                loss = loss.detach().double().mean()
            # every step pays for this line: no operation on the CPU, one copy and no waiting on a GPU
            if loss.device.type == "cuda":
                self._waiting.append(loss.detach().to(torch.float64, copy=True).reshape(()))
                if len(self._waiting) >= _FOLDED:
                    self._fold()
                return True
            loss = _number(loss.item())
        self._sum = self._sum.and_one(loss)
        return math.isfinite(loss)

    def step_done(self) -> None:
        """What was given so far belongs to a step that is done, though it is not told of yet."""
        done = self._of_steps_done
        if done is not self:
            done._waiting += self._waiting
            done._sum, done._given = done._sum + self._sum, done._given or self._given
            self._sum, self._waiting, self._given = LossSum(), [], False

    def drain(self) -> LossSum | None:
        """The sums since the previous drain; None without a loss."""
        if self._of_steps_done is not self:
            return self._of_steps_done.drain()
        self._fold()
        drained, self._sum = self._sum, LossSum()
        given, self._given = self._given, False
        return drained if given else None

    def _fold(self) -> None:
        if self._waiting:
            self._sum = self._sum.and_all(self._waiting)
            self._waiting = []


def _number(loss: Any) -> float:
    try:
        if not isinstance(loss, str | bytes):
            return float(loss)
    except (TypeError, ValueError):
        pass
    raise SpecError(f"the loss must be a number or a tensor, not {loss!r}: give what backward() was called on.")


def is_finite(module: nn.Module) -> bool:
    """Whether every number that this rank holds of the model is, parameters and buffers; waits for the device."""
    tensors = map(local, (*module.parameters(), *module.buffers()))
    return all(bool(each.detach().isfinite().all()) for each in tensors if each.is_floating_point())


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
