"""Hooks on an optimiser: one before its steps that is hung up for bursts only, and one that counts its steps.

Both run eagerly where the step is compiled, and always hang in the same place, so that nothing is compiled anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import torch
from torch import Tensor

from szilard.monitor.step_hooks import overflow_of, uncompiled, within_a_step, within_another_step


@final
class GradientHook:
    """Calls back before each step of an optimiser, its gradient being there and the parameters unmoved.

    Where the step has a closure the gradient is there after its first call; further calls, as of a line search, are at
    parameters on trial.

    Args:
        optimizer: on which it hangs; not yet.
        taken: what is called.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, taken: Callable[[], None]) -> None:
        self._optimizer, self._taken = optimizer, taken
        self._hook = uncompiled(self._before_step)
        self._handle: Any = None
        self._up = False

    def hang(self) -> None:
        """Hangs it up, where it hung before."""
        self._up = True
        if self._handle is None:
            self._handle = self._optimizer.register_step_pre_hook(self._hook)
        elif self._handle.id not in self._optimizer._optimizer_step_pre_hooks:
            # under another number compiled steps would be compiled once more
            self._optimizer._optimizer_step_pre_hooks[self._handle.id] = self._hook

    def take_down(self) -> None:
        """Takes it down; within a step it stays, and does nothing."""
        self._up = False
        if self._handle is not None and not within_a_step(self._optimizer):
            self._handle.remove()

    def _before_step(
        self, optimizer: torch.optim.Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        # within another step, as of a subclass around its parent, the outer one has told already
        if not self._up or within_another_step([id(optimizer)]):
            return None
        places = (number for number, each in enumerate(args) if callable(each) and each is not optimizer)
        first = next(places, None)
        closure = kwargs.get("closure") if first is None else args[first]
        if closure is None:
            self._taken()
            return None
        waiting = True

        def seen() -> Any:
            nonlocal waiting
            loss = closure()
            if waiting:
                waiting = False
                self._taken()
            return loss

        if first is None:
            return args, {**kwargs, "closure": seen}
        return (*args[:first], seen, *args[first + 1 :]), kwargs


@final
class StepCounter:
    """Counts the optimiser's own steps, until it is taken off: micro-batches and skipped steps are none.

    Args:
        optimizer: on which it hangs, by a hook after its steps.
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self._optimizer = optimizer
        self._made = 0
        self._nests = sum("step" in vars(kind) for kind in type(optimizer).__mro__[:-1]) > 2
        self._overflows: Tensor | None = None
        self._handle: Any = optimizer.register_step_post_hook(uncompiled(self._count))

    def now(self) -> tuple[int, Tensor | None]:
        """Steps begun, and how many of them overflowed, which may still be on the device; nothing is waited for."""
        return self._made, self._overflows

    def remove(self) -> None:
        """Takes the hook off the optimiser; within a step it stays there until asked again."""
        if self._handle is not None and not within_a_step(self._optimizer):
            self._handle.remove()
            self._handle = None

    def _count(self, optimizer: torch.optim.Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if self._nests and within_another_step([id(optimizer)]):
            return
        self._made += 1
        skipped = overflow_of(optimizer)
        if skipped is not None:
            self._overflows = skipped if self._overflows is None else self._overflows + skipped
