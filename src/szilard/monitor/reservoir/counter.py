"""How many steps the loop's optimiser has made, which is not how often the monitor was told of one."""

from __future__ import annotations

from typing import Any, final

import torch
from torch import Tensor


@final
class StepCounter:
    """Counts the optimiser's own steps, until it is taken off: micro-batches and skipped steps are none.

    Args:
        optimizer: on which it hangs, by a hook after its steps.
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self._made = 0
        self._overflows: Tensor | None = None
        self._handle: Any = optimizer.register_step_post_hook(self._count)

    def now(self) -> tuple[int, Tensor | None]:
        """Steps begun, and how many of them overflowed, which may still be on the device; nothing is waited for."""
        return self._made, self._overflows

    def remove(self) -> None:
        """Taken off; it counts no more."""
        if self._handle is not None:
            self._handle.remove()
            self._handle = None

    def _count(self, optimizer: torch.optim.Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._made += 1
        # A fused optimiser is called by a gradient scaler also where it will skip its step.
        overflow = getattr(optimizer, "found_inf", None)
        if isinstance(overflow, Tensor):
            skipped = overflow.detach().reshape(()) > 0
            self._overflows = skipped.int() if self._overflows is None else self._overflows + skipped
