"""The law by which an optimiser moves parameters: told by its class itself, never by its name.

A class of one's own may be called SGD; one of another library may read its settings differently. A law is known where
the very code of the step is that of torch's SGD, Adam or AdamW.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import torch

from szilard.errors import SpecError
from szilard.monitor.wrappers import Unwrapped
from szilard.reservoir.dynamics import Dynamics

_KNOWN: tuple[type[torch.optim.Optimizer], ...] = (torch.optim.AdamW, torch.optim.Adam, torch.optim.SGD)
_COUPLED: tuple[type[torch.optim.Optimizer], ...] = (
    torch.optim.Adadelta, torch.optim.Adagrad, torch.optim.Adamax, torch.optim.ASGD, torch.optim.NAdam,
    torch.optim.RAdam, torch.optim.RMSprop,
)  # fmt: skip
"""Others of torch whose weight decay is part of the gradient, as SGD's and Adam's, unless a group says otherwise."""


@final
@dataclass(frozen=True, slots=True)
class Law:
    """How an optimiser's steps follow from gradients, as far as that is known.

    Attributes:
        name: of torch's class whose step it makes; otherwise its own class's.
        unknown: why no temperature is known; empty where one is.
        coupled: whether its weight decay is part of the gradient.
    """

    name: str
    unknown: str
    coupled: bool

    @classmethod
    def of(cls, unwrapped: Unwrapped) -> Law:
        """The law of an optimiser, by its class and by what of it was replaced."""
        optimizer, own = unwrapped.optimizer, type(unwrapped.optimizer).__name__
        found = _whose_step(optimizer, _KNOWN)
        if found is None:
            other = _whose_step(optimizer, _COUPLED)
            return cls(own, _reason(own, type(optimizer)), other is not None)
        known = cls(found.__name__, "", found is not torch.optim.AdamW)
        if unwrapped.altered_by:
            why = f"its steps are wrapped by {unwrapped.altered_by}, which may change them"
            return replace(known, unknown=f"no effective temperature is known for {own}: {why}.")
        return known

    def dynamics(self, group: Mapping[str, Any]) -> tuple[Dynamics | None, str]:
        """The dynamics of a group of the optimiser's parameters; None with the reason where they are not known."""
        if self.unknown:
            return None, self.unknown
        try:
            return Dynamics.of(self.name, group), ""
        except SpecError as refused:
            return None, str(refused)
        except (KeyError, TypeError, ValueError):
            return None, f"no effective temperature is known for {self.name} with settings that are not torch's own."

    def decay(self, group: Mapping[str, Any]) -> float:
        """λ of the quadratic penalty ½ λ‖θ‖² that the optimiser itself differentiates; 0 where it is not known to."""
        if not self.coupled or group.get("decoupled_weight_decay"):
            return 0.0
        return float(group.get("weight_decay") or 0.0)


def _whose_step(
    optimizer: torch.optim.Optimizer, kinds: tuple[type[torch.optim.Optimizer], ...]
) -> type[torch.optim.Optimizer] | None:
    """Of these classes the one whose step and order of states it has, unchanged by subclass or replacement."""
    found = next((kind for kind in type(optimizer).__mro__ if kind in kinds), None)
    if found is None or not issubclass(found, torch.optim.Optimizer):
        return None
    own = vars(optimizer).get("step", type(optimizer).step)  # schedulers and compilers put theirs on the instance
    same = _code(own) is _code(found.step)
    same = same and getattr(type(optimizer), "_init_group", None) is getattr(found, "_init_group", None)
    return found if same else None


def _code(step: Any) -> Any:
    """The function beneath bound methods, hooks and compilers."""
    while True:
        inner = getattr(step, "__func__", None) or getattr(step, "_torchdynamo_orig_callable", None)
        if inner is None:
            bare = inspect.unwrap(step)
            if bare is step:
                return bare
            inner = bare
        step = inner


def _reason(name: str, kind: type[torch.optim.Optimizer]) -> str:
    """Why nothing is known of a class; one that is torch's by name only is said to be another."""
    if kind.__module__.partition(".")[0] == "torch" and name not in {known.__name__ for known in _KNOWN}:
        try:
            Dynamics.of(name, {})
        except SpecError as refused:
            return str(refused)
    whose = f"it is none of torch's own SGD, Adam and AdamW, but a class of {kind.__module__}"
    return f"no effective temperature is known for {name}: {whose}."
