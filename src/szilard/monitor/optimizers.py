"""What moves the parameters: the optimisers of a loop, unwrapped where that is safe, and checked against the model."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, final

from torch import Tensor, nn, optim

from szilard.errors import SpecError
from szilard.models.sharding import reshard
from szilard.monitor.wrappers import groups_of, runs_hooks, thin

_STEPPERS = ("torch.optim.lr_scheduler", "LRScheduler"), ("torch.amp.grad_scaler", "GradScaler")
"""What has a ``step`` and is no optimiser."""


@final
@dataclass(frozen=True, slots=True)
class LoopOptimizers:
    """The optimisers of a loop: none, one, or several that step in turn.

    Attributes:
        each: without the wrappers that are looked through.
        known: how the user knows them, for messages: ``SGD``, or ``Muon and AdamW``.
    """

    each: tuple[Any, ...]
    known: str

    @classmethod
    def of(cls, given: Any, module: nn.Module, copy_of: nn.Module | None = None) -> LoopOptimizers:
        """Those that were given, each of which moves the model.

        Args:
            given: an optimiser, several in a list, tuple or dict, or None.
            module: that is watched.
            copy_of: the module that is trained, where the one that is watched is a copy of it.

        Raises:
            SpecError: for what is no optimiser, or holds no parameter of the model.
        """
        if copy_of is not None and not isinstance(copy_of, nn.Module):
            raise SpecError(
                f"copy_of is the module that is trained, not {type(copy_of).__name__}: "
                "szilard.watch(averaged, optimizer, probe, copy_of=model)."
            )
        listed = [_checked(each) for each in _listed(given)]
        distinct = {id(each): each for each in (thin(each) for each in listed)}
        optimizers = tuple(distinct.values())
        trained = copy_of or module
        reshard(trained)  # else it may hold parameters that its optimiser was not made from
        own = {id(parameter) for parameter in trained.parameters()}
        for optimizer in optimizers:
            _check_membership(optimizer, own, copied=copy_of is not None, several=len(optimizers) > 1)
        return cls(optimizers, " and ".join(type(each).__name__ for each in optimizers) or "no optimiser")

    @property
    def first(self) -> Any:
        """The first of them; None where there is none."""
        return self.each[0] if self.each else None

    @property
    def hookable(self) -> bool:
        """Whether there are any, and all of them run hooks after their steps."""
        return bool(self.each) and all(runs_hooks(each) for each in self.each)

    def demand_hooks(self) -> None:
        """That steps can be counted without the loop's help.

        Raises:
            SpecError: naming the optimiser that runs no hooks, or if there is none.
        """
        if not self.each:
            raise SpecError(
                "automatic=True counts the steps of an optimiser, and none is given: give the loop's, or leave it out "
                "and call monitor.step() after each step."
            )
        for optimizer in self.each:
            if not runs_hooks(optimizer):
                raise SpecError(
                    f"{type(optimizer).__name__} does not run torch's hooks after its step, so its steps cannot be "
                    "counted from outside: make szilard.Monitor(ppm, optimizer, …) instead, and call monitor.step() "
                    "after each optimizer.step()."
                )

    def gradients(self) -> Iterable[Tensor]:
        """The gradients that their parameters hold now."""
        for optimizer in self.each:
            for group in groups_of(optimizer):
                yield from (p.grad for p in group["params"] if getattr(p, "grad", None) is not None)


def those_that_move(module: nn.Module, given: Any) -> Any:
    """The optimisers, of several, that hold a parameter of this module; what was given where there are none."""
    if not isinstance(given, list | tuple):
        return given
    own = {id(parameter) for parameter in module.parameters()}
    held = [[one for group in groups_of(thin(each)) for one in group["params"]] for each in given]
    return [each for each, of in zip(given, held, strict=True) if any(id(one) in own for one in of)] or given


def _listed(given: Any) -> list[Any]:
    if given is None:
        return []
    if isinstance(given, Mapping):
        return list(given.values())
    if isinstance(given, list | tuple):
        if not given:
            raise SpecError("the list of optimisers is empty: leave it out where there is none.")
        return list(given)
    return [given]


def _checked(optimizer: Any) -> Any:
    """It, if it can make steps."""
    if isinstance(optimizer, type):
        raise SpecError(
            f"optimizer is the class {optimizer.__name__}, not an optimiser made of it: give "
            f"{optimizer.__name__}(model.parameters(), …)."
        )
    for module, name in _STEPPERS:
        kind = getattr(sys.modules.get(module), name, None)
        if kind is not None and isinstance(optimizer, kind):
            raise SpecError(
                f"{type(optimizer).__name__} is no optimiser, though it has a step: give the optimiser whose step() "
                "moves the parameters."
            )
    if not callable(getattr(optimizer, "step", None)):
        raise SpecError(
            f"optimizer must be an optimiser, or a list of several, not {type(optimizer).__name__}: give the one whose "
            "step() the loop calls, or None."
        )
    return optimizer


def _check_membership(optimizer: Any, own: set[int], *, copied: bool, several: bool) -> None:
    held = [parameter for group in groups_of(optimizer) for parameter in group["params"]]
    if not held and not isinstance(optimizer, optim.Optimizer):
        return  # of another library, with its parameters elsewhere
    if any(id(parameter) in own for parameter in held):
        return
    name = type(optimizer).__name__
    if copied:
        raise SpecError(f"{name} holds no parameter of copy_of: give copy_of the module that the optimiser trains.")
    leave = "leave it out, or " if several else ""
    raise SpecError(
        f"{name} holds no parameter of the model, so none of its steps can move it: {leave}make it from this model's "
        "parameters, say copy_of=model where a copy of the trained model is watched, or give optimizer=None."
    )
