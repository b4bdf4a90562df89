"""How far state is followed: which objects are looked into, and what functions and classes reach beside themselves."""

from __future__ import annotations

import dis
import random
import sys
import types
from collections import deque
from collections.abc import Iterator
from functools import cache, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

FOREIGN = (sys.stdlib_module_names - {"abc", "builtins", "collections", "types", "typing"}) | {
    "torch", "numpy", "accelerate", "datasets", "lightning", "lightning_fabric", "pytorch_lightning", "ray", "wandb",
}  # fmt: skip
"""Packages whose objects are left alone, modules apart: they are machinery, and some of it lives in other threads."""
_BY_CLASS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (Tensor, "tensor"),
    (nn.Module, "module"),
    (dict, "dict"),
    ((list, deque), "sequence"),
    (set, "set"),
    (tuple, "tuple"),
    (types.FunctionType, "function"),
    (types.MethodType, "method"),
    (partial, "partial"),
    (torch.Generator, "torch generator"),
    (random.Random, "python generator"),
    (np.random.RandomState, "numpy state"),
    (np.random.Generator, "numpy generator"),
    (np.ndarray, "array"),
)


_KINDS: dict[type, str] = {}


def kind_of(of: type) -> str:
    """What is to be made of an object of this class; ``"foreign"`` where nothing is."""
    if of not in _KINDS:
        _KINDS[of] = _kind_of(of)
    return _KINDS[of]


def _kind_of(of: type) -> str:
    for classes, kind in _BY_CLASS:
        if issubclass(of, classes):
            return kind
    if any(root(base.__module__) in FOREIGN for base in of.__mro__[:-1]) or issubclass(of, type | types.ModuleType):
        return "foreign"
    if of.__dictoffset__:
        return "object"
    return "slots" if slots_of(of) else "foreign"


def slots_of(of: type) -> tuple[str, ...]:
    """The names of a class's slots."""
    found = [vars(base).get("__slots__", ()) for base in of.__mro__]
    names: Iterator[str] = (name for names in found for name in ((names,) if isinstance(names, str) else names))
    return tuple(name for name in names if not name.startswith("__"))


@cache
def root(module: str | None) -> str:
    """The package that a Python module is of."""
    return (module or "builtins").partition(".")[0]


@cache
def installed(module: str) -> bool:
    """Whether a Python module is of a package, szilard's own included, whose names no forward pass sets."""
    if root(module) in FOREIGN | {"builtins", "abc", "typing", "collections", "szilard"}:
        return True
    return "site-packages" in (getattr(sys.modules.get(module), "__file__", None) or "")


_REACHED: dict[types.CodeType, tuple[str, ...]] = {}
"""By code and not by function, which holds what its closure does."""


def reached(function: types.FunctionType) -> tuple[str, ...]:
    """The names outside of a function that it sets, whose contents it may change, or that are functions beside it."""
    if function.__code__ not in _REACHED:
        _REACHED[function.__code__] = () if installed(function.__module__ or "builtins") else _names(function)
    return _REACHED[function.__code__]


def _names(function: types.FunctionType) -> tuple[str, ...]:
    names, found = function.__globals__, []
    for instruction in _instructions(function.__code__):
        held = names.get(instruction.argval) if "GLOBAL" in instruction.opname else None
        beside = type(held) is types.FunctionType and held.__globals__ is names
        if instruction.opname == "STORE_GLOBAL" or beside or isinstance(held, _MUTABLE):
            found.append(instruction.argval)
    return tuple(dict.fromkeys(found))


def _instructions(code: types.CodeType) -> Iterator[dis.Instruction]:
    """Those of a function and of the functions in it."""
    yield from dis.get_instructions(code)
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from _instructions(const)


_MUTABLE = (Tensor, np.ndarray, list, dict, set, deque)


def is_data(held: Any) -> bool:
    """Whether it is a number, a tensor or a container, and no function or machinery."""
    return isinstance(held, (bool, int, float, complex, *_MUTABLE)) and not isinstance(held, type)
