"""Which weights a record sees where an optimiser keeps two sets: those it trains at, or their average."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, final

import torch
from torch import Tensor
from torch.autograd.grad_mode import _unsafe_preserve_version_counter

from szilard.errors import SpecError
from szilard.monitor.wrappers import groups_of

Weights = Literal["training", "averaged"]


@final
class ShownWeights:
    """Shows the weights that were asked for, whichever the parameters hold, and puts these back to the bit.

    Schedule-free optimisers keep y, where gradients are taken, in the parameters while they train, and put the averaged
    weights x there by ``optimizer.eval()``. Loops switch to and fro, and a record must see the same ones always.

    Args:
        optimizers: of the loop.
        wanted: ``"training"`` or ``"averaged"``.

    Raises:
        SpecError: for averaged weights of an optimiser that keeps none.
    """

    def __init__(self, optimizers: Sequence[Any], wanted: Weights) -> None:
        if wanted not in ("training", "averaged"):
            raise SpecError(f"weights must be 'training' or 'averaged', not {wanted!r}.")
        self._wanted = wanted
        self._switching = [each for each in optimizers if _switches(each)]
        self._always_averaged = any(_keeps_average_in_place(each) for each in optimizers)
        if wanted == "averaged" and not (self._switching or self._always_averaged):
            raise SpecError(
                "the averaged weights are asked for, and only schedule-free optimisers keep them: watch the averaged "
                "model itself, and say copy_of=model."
            )
        if wanted == "training" and self._always_averaged:
            self._wanted = "averaged"

    @property
    def attributes(self) -> dict[str, str]:
        """An entry for the record, where there is a choice: which weights were watched."""
        if not (self._switching or self._always_averaged):
            return {}
        return {"weights": self._wanted}

    @contextmanager
    def shown(self) -> Iterator[None]:
        """For the time of a block the parameters hold the weights that were asked for."""
        others = [each for each in self._switching if _trains(each) != (self._wanted == "training")]
        if not others:
            yield
            return
        kept = [_Kept(each) for each in others]
        try:
            for optimizer, state in zip(others, kept, strict=True):
                with torch.no_grad(), _unsafe_preserve_version_counter(tuple(state.tensors)):
                    (optimizer.train if self._wanted == "training" else optimizer.eval)()
            yield
        finally:
            for state in kept:
                state.put_back()


@final
class _Kept:
    """An optimiser's parameters, states and modes, as they were."""

    def __init__(self, optimizer: Any) -> None:
        self._optimizer = optimizer
        groups = groups_of(optimizer)
        parameters = [parameter for group in groups for parameter in group["params"]]
        states = [optimizer.state[parameter] for parameter in parameters if parameter in optimizer.state]
        inner = [value for state in states for value in _tensors(state)]
        self.tensors: list[Tensor] = [*parameters, *inner]
        self._values = [tensor.detach().clone() for tensor in self.tensors]
        self._modes = [(group, group.get("train_mode")) for group in groups]
        self._own_mode = vars(optimizer).get("train_mode")

    def put_back(self) -> None:
        """Values and modes, without a mark on the tensors' versions."""
        with torch.no_grad(), _unsafe_preserve_version_counter(tuple(self.tensors)):
            for tensor, values in zip(self.tensors, self._values, strict=True):
                tensor.copy_(values)
        for group, mode in self._modes:
            if mode is not None:
                group["train_mode"] = mode
            elif "train_mode" in group:
                del group["train_mode"]
        if self._own_mode is not None:
            self._optimizer.train_mode = self._own_mode


def _tensors(state: Any) -> Iterator[Tensor]:
    if isinstance(state, Tensor):
        yield state
    elif isinstance(state, dict):
        for value in state.values():
            yield from _tensors(value)
    elif isinstance(state, list | tuple):
        for value in state:
            yield from _tensors(value)


def _switches(optimizer: Any) -> bool:
    return callable(getattr(optimizer, "train", None)) and callable(getattr(optimizer, "eval", None))


def _trains(optimizer: Any) -> bool:
    """Its mode, which is kept in its groups or on itself; where nothing is said yet it is that of training."""
    modes = [group["train_mode"] for group in groups_of(optimizer) if "train_mode" in group]
    return bool(modes[0] if modes else getattr(optimizer, "train_mode", True))


def _keeps_average_in_place(optimizer: Any) -> bool:
    """Schedule-free optimisers that take a closure hold the averaged weights between their steps."""
    library = sys.modules.get("schedulefree")
    kinds = (
        tuple(kind for name, kind in vars(library).items() if name.endswith("Closure") and isinstance(kind, type))
        if library is not None
        else ()
    )
    return isinstance(optimizer, kinds)
