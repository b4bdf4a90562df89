"""The optimiser's own steps, counted by its hooks: micro-batches are none, nor is what a GradScaler skipped."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, final

import torch
from torch import Tensor, optim

from szilard.monitor.wrappers import inner_optimizers

Rate = float | Tensor | None
"""A learning rate, which may still be on the device; None where there is none."""

_STEP_WRAPPER = optim.Optimizer.profile_hook_step.__code__.co_filename
_REASON = "szilard looks at the model after the optimiser's step, outside of what is compiled."


@final
class StepHooks:
    """Counts training steps by the hooks that torch's optimisers run before and after their step.

    One optimiser: each of its steps is one. Several: a training step is complete when all have stepped, or when one
    that has is about to step again. So Muon beside AdamW counts once an iteration, five steps of a critic and one of a
    generator count as five, and an optimiser that falls silent holds nothing up. Steps within steps (SAM around its
    base, a subclass around its parent) are one; a closure counts once, however often it is called.

    The optimiser keeps ``done``, and what that belongs to, alive as long as it lives itself, or until :meth:`remove`.
    Copies and pickles of it have no hooks.

    Args:
        optimizers: of the loop, all with hooks (:func:`szilard.monitor.wrappers.runs_hooks`).
        done: called after each training step; None only counts.
        late: call ``done`` when the next step begins, or at :meth:`settle`: for a copy of the model, which the loop
            renews after the optimiser's step.
        stepped: called after each step of an optimiser, before ``done``.
    """

    def __init__(
        self,
        optimizers: Sequence[optim.Optimizer],
        done: Callable[[], None] | None = None,
        *,
        late: bool = False,
        stepped: Callable[[], None] | None = None,
    ) -> None:
        self.made = [0] * len(optimizers)
        """Steps of each optimiser, those of which a scaler's verdict still lies on a GPU included."""
        self.rate: Rate = None
        """The learning rate that the first optimiser used in its last step; None before."""
        self._done, self._late, self._after_each = done, late, stepped
        self._inside = [0] * len(optimizers)
        self._stepped = [False] * len(optimizers)
        self._waits = False
        self._in_doubt: Tensor | None = None
        self._mark = _first_parameter(optimizers[0])
        self._version = self._mark._version
        self._moved_between = False
        self._own: list[list[int]] = []
        self._handles: list[Any] = []
        for number, optimizer in enumerate(optimizers):
            family = [optimizer, *inner_optimizers(optimizer)]
            self._own.append([id(each) for each in family])
            for each in family:
                self._handles.append(each.register_step_pre_hook(uncompiled(self._before(number))))
                self._handles.append(each.register_step_post_hook(uncompiled(self._after(number))))

    def settle(self) -> None:
        """The loop is over: a training step that waits to be told of is told of now."""
        if self._waits or any(self._stepped):
            self._complete()

    @property
    def moved_since(self) -> bool:
        """Whether parameters have been written to since the last step, in a loop that did not between its steps."""
        return self._mark._version != self._version and not self._moved_between

    def overcounted(self) -> int:
        """How many steps were told of that a scaler skipped on a GPU, since last asked; waits for the device."""
        doubt, self._in_doubt = self._in_doubt, None
        return 0 if doubt is None else int(doubt)

    def remove(self) -> None:
        """Takes all hooks off again."""
        for handle in self._handles:
            handle.remove()
        self._handles = []
        self._done = self._after_each = None

    def _before(self, number: int) -> Callable[..., None]:
        def before(optimizer: optim.Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            if self._inside[number] and within_another_step(self._own[number]):
                self._inside[number] += 1
                return
            self._inside[number] = 1  # a step that raised has left its mark
            if number == 0 and self._mark._version != self._version:
                self._moved_between = True
            if self._waits or self._stepped[number]:
                self._complete()

        return before

    def _after(self, number: int) -> Callable[..., None]:
        def after(optimizer: optim.Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            if self._inside[number] != 1:
                self._inside[number] -= 1
                return
            self._inside[number] = 0
            if self._skipped(optimizer):
                return
            self.made[number] += 1
            if number == 0:
                self.rate = rate_of(optimizer)
                self._version = self._mark._version
            if self._after_each is not None:
                self._after_each()
            self._stepped[number] = True
            if all(self._stepped):
                if self._late:
                    self._waits = True
                else:
                    self._complete()

        return after

    def _skipped(self, optimizer: optim.Optimizer) -> bool:
        """Whether a GradScaler has called a fused optimiser only for it to do nothing; a GPU is not waited for."""
        skipped = overflow_of(optimizer)
        if skipped is None:
            return False
        if skipped.device.type == "cpu" or len(self.made) > 1:
            return bool(skipped)
        self._in_doubt = skipped if self._in_doubt is None else self._in_doubt + skipped
        return False

    def _complete(self) -> None:
        self._stepped = [False] * len(self._stepped)
        self._waits = False
        if self._done is not None:
            self._done()


def overflow_of(optimizer: Any) -> Tensor | None:
    """1 where a ``GradScaler`` calls a fused optimiser that will leave its step out, else 0, on the device.

    None where no scaler has a say. Nothing is waited for.
    """
    found = getattr(optimizer, "found_inf", None)
    return (found.detach().reshape(()) > 0).int() if isinstance(found, Tensor) else None


def _first_parameter(optimizer: optim.Optimizer) -> Tensor:
    """By which it shows that parameters were written to, as when a checkpoint is loaded: all are then."""
    parameters: list[Tensor] = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    return next((each for each in parameters if each.requires_grad), parameters[0])


def uncompiled(hook: Callable[..., Any]) -> Callable[..., Any]:
    """A hook that a compiled ``optimizer.step()`` leaves its graph for, rather than trace it."""
    outside = torch.compiler.disable(hook, reason=_REASON)

    def either(optimizer: optim.Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        # what is disabled costs some microseconds a call even where nothing is compiled
        called = outside if torch.compiler.is_compiling() else hook
        return called(optimizer, args, kwargs)

    return either


def rate_of(optimizer: Any) -> Rate:
    """The learning rate in use: of the first group; a schedule-free optimiser's own, with its warm-up."""
    groups = getattr(optimizer, "param_groups", None)
    group = groups[0] if groups else {}
    rate = group.get("scheduled_lr") or group.get("lr")
    if isinstance(rate, Tensor):
        return rate.detach().clone() if rate.numel() == 1 else None
    return float(rate) if isinstance(rate, int | float) else None


def within_another_step(own: Sequence[int]) -> bool:
    """Whether the step that now begins was called by a step of the same optimiser, and not after one that raised."""
    return _steps_around(own) > 1


def within_a_step(optimizer: optim.Optimizer) -> bool:
    """Whether a step of this optimiser is under way: its hooks must stay as they are until it ends."""
    return _steps_around([id(optimizer)]) > 0


def _steps_around(own: Sequence[int]) -> int:
    frame, steps = sys._getframe(1), 0
    while frame is not None and steps < 2:
        if frame.f_code.co_filename == _STEP_WRAPPER and id(frame.f_locals.get("self")) in own:
            steps += 1
        frame = frame.f_back  # type: ignore[assignment]
    return steps
