"""Layers that take their first values from the first data that they see, which the watcher's must not be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from torch import Tensor, nn

from szilard.errors import ModelError

_MARK = re.compile("init", re.IGNORECASE)


class Change(NamedTuple):
    """What an evaluation changed, and was put back.

    Attributes:
        owner: the module or other object whose attribute it is, or the tensor whose values.
        name: of the attribute; empty for the values of a tensor.
        before, after: what it was, and what the evaluation made of it.
    """

    owner: Any
    name: str
    before: Any
    after: Any


def check_initialised(module: nn.Module, changes: Sequence[Change]) -> None:
    """That no layer has taken its first values from what it was shown.

    Raises:
        ModelError: naming the layer that did: a mark with "init" in its name was set together with values beside it, or
            there are parameters where there were none.
    """
    if not changes:
        return
    for place, part in module.named_modules():
        own = {id(held): name for table in (part._parameters, part._buffers) for name, held in table.items()}
        tables = [id(part), id(part._parameters), id(part._buffers)]
        here = [(own.get(id(each.owner), each.name), each) for each in changes if id(each.owner) in (*own, *tables)]
        marked = any(_MARK.search(name) and _flipped(each.before, each.after) for name, each in here)
        valued = any(
            not _MARK.search(name) and isinstance(each.before, Tensor) and isinstance(each.after, Tensor)
            for name, each in here
        )
        made = any(each.before is None and isinstance(each.after, nn.Parameter) for _, each in here)
        if made or (marked and valued):
            raise ModelError(
                f"layer {place or type(part).__name__!r} is not initialised yet: it takes its first values from the "
                "data that it sees, which the probe must not be; run one batch of the training data through the model "
                "first, as the loop would."
            )


def _flipped(before: Any, after: Any) -> bool:
    """Whether a single number or truth value became another one."""
    try:
        return bool(before) != bool(after)
    except (RuntimeError, TypeError, ValueError):  # several numbers have no truth
        return False
