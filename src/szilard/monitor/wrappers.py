"""An optimiser as it stands in a loop, maybe in wrappers: what they hold, its groups, whether its steps run hooks."""

from __future__ import annotations

import sys
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from torch import optim

from szilard.errors import SpecError

_THIN_WRAPPERS = (
    ("accelerate.optimizer", "AcceleratedOptimizer", "optimizer"),
    ("lightning.pytorch.core.optimizer", "LightningOptimizer", "_optimizer"),
    ("pytorch_lightning.core.optimizer", "LightningOptimizer", "_optimizer"),
    ("lightning.fabric.wrappers", "_FabricOptimizer", "_optimizer"),
    ("lightning_fabric.wrappers", "_FabricOptimizer", "_optimizer"),
    ("opacus.optimizers.optimizer", "DPOptimizer", "original_optimizer"),
)
"""Module, class and attribute of wrappers after whose inner step nothing more happens to the parameters."""
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

    optimizer: optim.Optimizer
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


def thin(optimizer: Any) -> Any:
    """What is beneath wrappers that call another optimiser's step and do no more to the parameters."""
    while True:
        for module, name, attribute in _THIN_WRAPPERS:
            wrapper = getattr(sys.modules.get(module), name, None)
            if wrapper is not None and isinstance(optimizer, wrapper) and hasattr(optimizer, attribute):
                optimizer = getattr(optimizer, attribute)
                break
        else:
            return optimizer


def inner_optimizers(optimizer: optim.Optimizer) -> list[optim.Optimizer]:
    """Optimisers that this one steps with, such as SAM's base, where the loop may call the inner step itself."""
    own = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    found = [each for each in vars(optimizer).values() if runs_hooks(each) and each is not optimizer]
    return [each for each in found if any(id(p) in own for group in each.param_groups for p in group["params"])]


def runs_hooks(optimizer: Any) -> bool:
    """Whether this optimiser's ``step`` runs torch's hooks: wrappers that imitate an Optimizer often do not."""
    return (
        isinstance(optimizer, optim.Optimizer)
        and hasattr(optimizer, "_optimizer_step_pre_hooks")
        and hasattr(optimizer, "_optimizer_step_post_hooks")
        and bool(getattr(type(optimizer).step, "hooked", False))
    )


def groups_of(optimizer: Any) -> Sequence[MutableMapping[str, Any]]:
    """Its parameter groups; none where it does not have them as torch's optimisers do."""
    try:
        groups = list(optimizer.param_groups)
    except Exception:  # a wrapper that is not ready, or another library's idea of an optimiser
        return []
    return [
        each for each in groups if isinstance(each, MutableMapping) and isinstance(each.get("params"), list | tuple)
    ]


def _inner(optimizer: Any) -> optim.Optimizer | None:
    for name in _INNER:
        inner = getattr(optimizer, name, None)
        if isinstance(inner, optim.Optimizer) and inner is not optimizer and _held(inner) == _held(optimizer):
            return inner
    return None


def _held(optimizer: Any) -> frozenset[int]:
    return frozenset(id(parameter) for group in groups_of(optimizer) for parameter in group["params"])
