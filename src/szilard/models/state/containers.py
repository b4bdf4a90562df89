"""One thing that holds others, as it was, and how it is made so again: lists, closures, names, random generators."""

from __future__ import annotations

import random
import types
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from operator import is_
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor


class Container(NamedTuple):
    """One thing that holds others, as it was; a dictionary is none, for of these there are many.

    Attributes:
        owner: the module, or another object, that it belongs to.
        table: its list, set, closure's cell, names, generator of random numbers …
        before: a shallow copy of what it held.
        same: whether what it holds now is the very same.
        restore: makes it so again.
    """

    owner: Any
    table: Any
    before: Any
    same: Callable[[Any, Any], bool]
    restore: Callable[[Any, Any], None]


def same_list(now: Sequence[Any], was: list[Any]) -> bool:
    """Whether a sequence holds the very same as its copy."""
    return len(now) == len(was) and all(map(is_, now, was))


def same_cell(now: types.CellType, was: Any) -> bool:
    """Whether a closure's cell holds what it held."""
    try:
        return now.cell_contents is was
    except ValueError:
        return False


def same_names(now: dict[str, Any], was: dict[str, Any]) -> bool:
    """Whether some names of a Python module are bound to what they were."""
    return all(now.get(name) is held for name, held in was.items())


def same_attributes(now: Any, was: dict[str, Any]) -> bool:
    """Whether some attributes are the very same."""
    return all(getattr(now, name, None) is held for name, held in was.items())


def refill_table(table: dict[Any, Any], was: dict[Any, Any]) -> None:
    """Makes a dictionary hold what its copy does, in the same order."""
    kind = OrderedDict if isinstance(table, OrderedDict) else dict
    kind.clear(table)
    for key, held in was.items():
        kind.__setitem__(table, key, held)


def refill_list(table: Any, was: list[Any]) -> None:
    """Makes a list, or another sequence that can be cleared, hold what its copy does."""
    if isinstance(table, list):
        table[:] = was
    else:
        table.clear()
        table.extend(was)


def refill_set(table: set[Any], was: set[Any]) -> None:
    """Makes a set hold what its copy does."""
    table.clear()
    table.update(was)


def refill_cell(cell: types.CellType, was: Any) -> None:
    """Makes a closure's cell hold what it held."""
    cell.cell_contents = was


def refill_names(names: dict[str, Any], was: dict[str, Any]) -> None:
    """Binds some names of a Python module to what they were."""
    names.update(was)


def refill_attributes(container: Any, was: dict[str, Any]) -> None:
    """Sets some attributes to what they were."""
    for name, held in was.items():
        setattr(container, name, held)


def cut(table: Any, length: int) -> None:
    """Takes off what a sequence has grown by."""
    while len(table) > length:
        table.pop()


def equal(one: Any, other: Any) -> bool:
    """Whether two states of a generator, or two arrays, are equal throughout."""
    if isinstance(one, Tensor | np.ndarray):
        return type(one) is type(other) and np.array_equal(np.asarray(one), np.asarray(other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


def _set_bits(generator: np.random.Generator, state: Mapping[str, Any]) -> None:
    generator.bit_generator.state = state


def _set_state(generator: torch.Generator, state: Tensor) -> None:
    generator.set_state(state)


def _fill(array: np.ndarray, was: np.ndarray) -> None:
    array[...] = was


STATES: dict[str, tuple[Callable[[Any], Any], Callable[[Any, Any], None]]] = {
    "torch generator": (torch.Generator.get_state, _set_state),
    "python generator": (random.Random.getstate, random.Random.setstate),
    "numpy state": (np.random.RandomState.get_state, np.random.RandomState.set_state),
    "numpy generator": (lambda generator: generator.bit_generator.state, _set_bits),
    "array": (np.ndarray.copy, _fill),
}
"""What has a state that is read and written as a whole."""
PARTS: dict[str, Callable[[Any], tuple[Any, ...]]] = {
    "tuple": tuple,
    "method": lambda method: (method.__func__, method.__self__),
    "partial": lambda partial: (partial.func, partial.args, partial.keywords),
}
"""What cannot come to hold something else itself, and what it holds."""
