"""A module with other tensors in the place of its own, for the time of a block: its own are back after it, the very
same objects under every name that they have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from szilard.errors import ModelError
from szilard.models.state.contents import STANDARD
from szilard.models.state.keeping import standing_otherwise


@contextmanager
def substituted(module: nn.Module, values: Mapping[str, Tensor]) -> Iterator[None]:
    """The module with these tensors instead of its parameters and buffers of these names; nothing is written to any.

    A tensor is taken out wherever the module holds it: in modules that are registered under several names, in weights
    that are tied, in plain attributes and in lists of them (as an LSTM's weights are), so that no part goes on with the
    one that was there. ``torch.func.functional_call`` does not see the last two, and leaves a module that is registered
    under two names without its parameters.

    Args:
        module: whose forward pass, or any other method, is to be computed at other parameters.
        values: by name, as in ``named_parameters`` and ``named_buffers``; one of several names is enough.

    Raises:
        ModelError: if the module is scripted, so that its parameters cannot be exchanged.
        KeyError: if it has none of that name.
    """
    if isinstance(module, torch.jit.ScriptModule):
        raise ModelError(
            "the model is scripted (torch.jit), so that it cannot be evaluated at other parameters than its own: give "
            "the module that it was scripted from."
        )
    given = {id(_named(module, name)): value for name, value in values.items()}
    places: list[tuple[dict[str, Any], str, Any]] = []
    for part in module.modules():
        for table in (part._parameters, part._buffers):
            places += [(table, name, held) for name, held in table.items() if id(held) in given]
        own = part.__dict__
        places += [(own, name, own[name]) for name in own.keys() - STANDARD if _holds(own[name], given)]
    try:
        for table, name, held in places:
            table[name] = _exchanged(held, given)
        with standing_otherwise(module):
            yield
    finally:
        for table, name, held in places:
            table[name] = held


def _named(module: nn.Module, name: str) -> Tensor:
    place, _, last = name.rpartition(".")
    part = module.get_submodule(place)
    found: Tensor | None = part._parameters.get(last)
    found = part._buffers.get(last) if found is None else found
    if found is None:
        raise KeyError(name)
    return found


def _holds(held: Any, given: Mapping[int, Tensor]) -> bool:
    if id(held) in given:
        return True
    if type(held) in (list, tuple):
        return any(_holds(each, given) for each in held)
    return type(held) is dict and any(_holds(each, given) for each in held.values())


def _exchanged(held: Any, given: Mapping[int, Tensor]) -> Any:
    if id(held) in given:
        return given[id(held)]
    if type(held) in (list, tuple):
        return type(held)(_exchanged(each, given) for each in held)
    if type(held) is dict:
        return {key: _exchanged(each, given) for key, each in held.items()}
    return held
