"""The optimiser that makes the steps, beneath the wrappers of training frameworks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import torch

from szilard.errors import SpecError
from szilard.monitor.optimizers import groups_of, thin
from szilard.monitor.step_hooks import runs_hooks

_INNER = ("optimizer", "_optimizer", "optim", "original_optimizer", "base_optimizer", "base")
"""Attributes under which wrappers hold what they wrap."""


@final
@dataclass(frozen=True, slots=True)
class Unwrapped:
    """An optimiser without its wrappers.

    Attributes:
        optimizer: whose own steps move the parameters.
        altered_by: name of the outermost wrapper that may do more than hand on steps; empty where there is none.
    """

    optimizer: torch.optim.Optimizer
    altered_by: str = ""

    @classmethod
    def of(cls, optimizer: Any) -> Unwrapped:
        """Looks beneath wrappers that hold the very same parameters.

        Raises:
            SpecError: if hooks cannot be hung on what is found, with what to give instead.
        """
        altered, found = "", thin(optimizer)
        while (inner := _inner(found)) is not None:
            altered, found = altered or type(found).__name__, thin(inner)
        if not runs_hooks(found):
            raise SpecError(
                f"the optimiser is a {type(optimizer).__name__}, on which no hook of torch.optim.Optimizer can be "
                "hung: give the torch optimiser that it holds."
            )
        return cls(found, altered)


def _inner(optimizer: Any) -> torch.optim.Optimizer | None:
    for name in _INNER:
        inner = getattr(optimizer, name, None)
        if isinstance(inner, torch.optim.Optimizer) and inner is not optimizer and _held(inner) == _held(optimizer):
            return inner
    return None


def _held(optimizer: Any) -> frozenset[int]:
    return frozenset(id(parameter) for group in groups_of(optimizer) for parameter in group["params"])
