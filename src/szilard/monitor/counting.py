"""Which training steps there are: those that the loop tells of, or those that its optimiser makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

import torch

from szilard.models.sharding import local
from szilard.monitor.optimizers import LoopOptimizers
from szilard.monitor.step_hooks import Rate, StepHooks, rate_of

_SKIPS = 16
"""Steps in a row that a scaler may leave out, which halves its scale at each: from 2¹⁶ down to 1."""


@final
class StepCounting:
    """Follows the optimiser's steps, or holds what the loop says against them.

    Args:
        optimizers: of the loop.
        automatic: steps are the optimiser's own; else the loop tells of each.
        late: a step is told of when the next one begins, because the model is a copy that the loop renews in between.
        first_step: steps done before, from which the record's steps count.

    Raises:
        SpecError: if an optimiser whose steps are to be followed runs no hooks.
    """

    def __init__(self, optimizers: LoopOptimizers, *, automatic: bool, late: bool, first_step: int = 0) -> None:
        if automatic:
            optimizers.demand_hooks()
        self.automatic, self.first_step = automatic, first_step
        self._optimizers, self._late = optimizers, late
        self._hooks: StepHooks | None = None
        self._seen: list[int] = []
        self._said: set[str] = set()
        self._silent = 0

    @property
    def attributes(self) -> dict[str, int]:
        """Entry for the record: where its steps begin, if not at 0."""
        return {"first_step": self.first_step} if self.first_step else {}

    def named(self, step: int) -> int:
        """The number that the record gives to a step, which is counted here since the monitor was made."""
        return self.first_step + step

    @property
    def told_late(self) -> bool:
        """Whether a step may be told of when the next one begins: of a copy, or where several optimisers share it."""
        return self.automatic and (self._late or len(self._optimizers.each) > 1)

    def begin(self, done: Callable[[], None], made: Callable[[], None]) -> StepHooks | None:
        """From now on steps count. The optimiser holds on to ``done`` only where its steps are followed.

        Args:
            done: called when a training step is told of.
            made: called when an optimiser has made its step, where training steps may be told of late.

        Returns:
            the hooks, to be removed in the end; None where there is nothing to hang them on.
        """
        if self._optimizers.hookable:
            self._hooks = StepHooks(
                self._optimizers.each,
                done if self.automatic else None,
                late=self._late,
                stepped=made if self.told_late else None,
            )
            self._seen = list(self._hooks.made)
        return self._hooks

    @property
    def made(self) -> int:
        """Steps that the optimiser made (of several: the one that made most)."""
        return max(self._hooks.made) if self._hooks is not None else 0

    @property
    def rate(self) -> Rate:
        """The learning rate of the last step, before the first one that of the first to come."""
        used = None if self._hooks is None else self._hooks.rate
        return used if used is not None or self._optimizers.first is None else rate_of(self._optimizers.first)

    def complaint(self, step: int, finite: bool = True) -> str | None:
        """The loop says that this step is done: how it differs from what the optimiser did, said once.

        Args:
            step: counted since the monitor was made.
            finite: whether its loss is; of one that is not, and of gradients that are not, the step may be left out.
        """
        if self._hooks is None:
            return None
        step = self.named(step)
        made = [now - before for now, before in zip(self._hooks.made, self._seen, strict=True)]
        self._seen = list(self._hooks.made)
        silent = max(made) == 0
        if not silent:
            self._silent = 0
        if (not silent and min(made) < 2) or (silent and (not finite or self._may_be_skipped())):
            return None
        kind = "silent" if silent else "several"
        if kind in self._said:
            return None
        self._said.add(kind)
        known = self._optimizers.known
        if silent:
            return (
                f"monitor.step() was called for step {step}, and {known} has made no step since it was called last: "
                "micro-batches are recorded as steps, or the call stands before optimizer.step(). Call it once after "
                "each optimizer.step(), or let szilard.watch count."
            )
        return (
            f"{known} made {min(made)} steps before monitor.step() was called for step {step}, recorded as one: call "
            "it after each optimizer.step(), or let szilard.watch count."
        )

    @property
    def moved_since(self) -> bool:
        """Whether the model is no longer as the last step left it, because a checkpoint was loaded, or the like."""
        return self._hooks is not None and not self._late and self._hooks.moved_since

    def silence(self) -> str:
        """Why there was no step, and what to do."""
        if self.automatic:
            return (
                f"no step of {self._optimizers.known} was seen: give szilard.watch the optimiser whose step() the loop "
                "calls"
            )
        if self.made:
            return (
                f"{self._optimizers.known} made {self.made} steps and none was told of: call monitor.step() after each "
                "optimizer.step(), or let szilard.watch count them"
            )
        return "call monitor.step() after optimizer.step()"

    def settle(self) -> None:
        """The loop is over: a step that was not told of yet is told of."""
        if self._hooks is not None and self.automatic:
            self._hooks.settle()

    def overcounted(self) -> int:
        """Steps told of that a scaler skipped on a GPU, since last asked."""
        return 0 if self._hooks is None else self._hooks.overcounted()

    def end(self) -> None:
        """Takes the hooks off."""
        if self._hooks is not None:
            self._hooks.remove()

    def _may_be_skipped(self) -> bool:
        """Whether a scaler may have left the step out: gradients overflowed, or are cleared by now and say nothing."""
        gradients = list(self._optimizers.gradients())
        if gradients:
            return any(not bool(torch.isfinite(local(gradient)).all()) for gradient in gradients)
        self._silent += 1
        return self._silent <= _SKIPS
