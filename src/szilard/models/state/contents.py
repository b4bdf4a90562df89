"""What holds the state of a model and of functions beside it: tables of attributes, lists, closures, tensors."""

from __future__ import annotations

import types
from itertools import chain
from operator import is_
from typing import Any, final

import torch
from torch import Tensor, nn

from szilard.models.sharding import all_local
from szilard.models.state.containers import (
    PARTS,
    STATES,
    Container,
    cut,
    equal,
    refill_attributes,
    refill_cell,
    refill_list,
    refill_names,
    refill_set,
    same_attributes,
    same_cell,
    same_list,
    same_names,
)
from szilard.models.state.kinds import FOREIGN, installed, is_data, kind_of, reached, root, slots_of
from szilard.models.state.tensor_copies import TensorCopies

_PLAIN_TENSORS = frozenset({Tensor, nn.Parameter, nn.Buffer})
_DEPTH = 4
"""How far from a module, or from a function, plain objects are followed."""
_LONG = 4096
"""A list of more elements is followed no further, and cut back where it has grown."""
_ATOMS = frozenset(
    {type(None), bool, int, float, complex, str, bytes, type, torch.dtype, torch.device, torch.Size, torch.layout}
)
_LARGE_ARRAY = 2**20
"""Bytes of an array of NumPy beyond which it is taken for data, which no model changes."""
STANDARD = frozenset(vars(nn.Module()))
"""Attributes of every module; hooks are the user's own business."""


@final
class Contents:
    """All that some objects hold, and what these hold in turn: modules wholly, other objects a few steps far.

    Tensors, numbers and containers of them in attributes, also those of plain objects, are found; generators of random
    numbers; of functions among the roots, and of what these call, the closures, default arguments and names of their
    Python module. Functions and hooks that a module has are the user's own business, and not followed.

    Attributes:
        tables: dictionaries, of attributes above all, with their owners and shallow copies.
        containers: whatever else can come to hold something else.
        tensors: each once; of those that lie on several ranks, this rank's part.
        copies: of the tensors, as they were last made.
    """

    def __init__(self, *roots: Any) -> None:
        self.tables: list[tuple[Any, dict[Any, Any], dict[Any, Any]]] = []
        self.containers: list[Container] = []
        self.tensors: list[Tensor] = []
        self._bare: list[Tensor] = []
        self._opaque = False
        self.copies: TensorCopies | None = None
        self._seen: set[int] = set()
        self._todo: list[tuple[Any, Any, int]] = [(root, root, 0) for root in roots]
        seen, todo = self._seen, self._todo
        while todo:
            held, owner, depth = todo.pop()
            if id(held) in seen:
                continue
            seen.add(id(held))
            if type(held) in _PLAIN_TENSORS and not held.__dict__:
                self.tensors.append(held)
                self._bare.append(held)
            else:
                self._visit(held, owner, depth)
        self.tensors = all_local(self.tensors)
        self._each = [table for _, table, _ in self.tables]
        self._lengths = [len(before) for *_, before in self.tables]
        self._values = list(chain.from_iterable(map(dict.values, self._each)))
        del self._seen, self._todo

    @property
    def unchanged(self) -> bool:
        """Whether everything still holds the very same, so that looking for it anew would find nothing else.

        Values of tensors may be others by now; a step of training leaves the rest of most models alone.
        """
        if self._opaque or not self.same_tables() or any(tensor.__dict__ for tensor in self._bare):
            return False
        return all(container.same(container.table, container.before) for container in self.containers)

    def same_tables(self) -> bool:
        """Whether all dictionaries hold the very same; there are four of each layer, so it is seen at one go."""
        if list(map(len, self._each)) != self._lengths:
            return False
        return all(map(is_, chain.from_iterable(map(dict.values, self._each)), self._values))

    def _visit(self, held: Any, owner: Any, depth: int) -> None:
        kind = kind_of(type(held))
        if kind == "module":
            self._module(held)
        elif kind == "dict":
            self._table(owner, held, depth)
        elif kind == "sequence":
            self._sequence(owner, held, depth)
        elif kind == "set":
            self.containers.append(Container(owner, held, set(held), set.__eq__, refill_set))
        elif kind == "function":
            if not isinstance(owner, nn.Module):  # what a module keeps is in its attributes
                self._function(held, depth + 1)
        elif kind in PARTS:
            self._follow(PARTS[kind](held), owner, depth)
        elif kind in STATES and getattr(held, "nbytes", 0) <= _LARGE_ARRAY:
            read, write = STATES[kind]
            self.containers.append(Container(owner, held, read(held), lambda now, was: equal(read(now), was), write))
        elif depth < _DEPTH:
            self._object(kind, held, depth + 1)

    def _object(self, kind: str, held: Any, depth: int) -> None:
        if kind == "tensor":
            self.tensors.append(held)
        elif kind == "object":
            self._beyond(type(held), depth)
        elif kind == "slots":
            names = [name for name in slots_of(type(held)) if hasattr(held, name)]
            self._names(held, held, {name: getattr(held, name) for name in names}, depth)
        if kind in ("tensor", "object"):
            self._table(held, held.__dict__, depth)

    def _module(self, module: nn.Module) -> None:
        self._beyond(type(module), 0)
        if isinstance(module, torch.jit.ScriptModule):
            self._opaque = True  # its tables lie beyond Python
            self._follow((*module.parameters(), *module.buffers()), module, 0)
            return
        table, tables, seen = module.__dict__, self.tables, self._seen
        tables.append((module, table, table.copy()))
        for name in ("_parameters", "_buffers"):
            held = table[name]
            tables.append((module, held, held.copy()))
            for tensor in held.values():
                if id(tensor) not in seen and tensor is not None:
                    if tensor.__dict__:
                        self._todo.append((tensor, module, 0))
                    else:
                        seen.add(id(tensor))
                        self.tensors.append(tensor)
                        self._bare.append(tensor)
        parts = table["_modules"]
        tables.append((module, parts, parts.copy()))
        self._todo += [(part, module, 0) for part in parts.values()]
        for name, held in table.items():
            if name not in STANDARD and type(held) not in _ATOMS:
                self._todo.append((held, module, 0))

    def _table(self, owner: Any, table: dict[Any, Any], depth: int) -> None:
        if len(table) <= _LONG:
            self._seen.add(id(table))
            self.tables.append((owner, table, dict(table)))
            self._follow(table.values(), owner, depth)

    def _sequence(self, owner: Any, held: Any, depth: int) -> None:
        if len(held) > _LONG:
            self.containers.append(Container(owner, held, len(held), lambda now, was: len(now) <= was, cut))
            return
        self.containers.append(Container(owner, held, list(held), same_list, refill_list))
        self._follow(held, owner, depth)

    def _follow(self, several: Any, owner: Any, depth: int) -> None:
        self._todo += [(each, owner, depth) for each in several if type(each) not in _ATOMS]

    def _function(self, function: types.FunctionType, depth: int) -> None:
        if depth > _DEPTH or root(function.__module__) in FOREIGN | {"szilard"}:
            return
        for cell in function.__closure__ or ():
            try:
                held = cell.cell_contents
            except ValueError:  # not bound yet
                continue
            self.containers.append(Container(function, cell, held, same_cell, refill_cell))
            self._follow((held,), function, depth)
        self._follow((function.__defaults__, function.__kwdefaults__, function.__dict__), function, depth)
        self._taken_from_names(function, depth)

    def _taken_from_names(self, function: types.FunctionType, depth: int) -> None:
        names = function.__globals__
        taken = {name: names[name] for name in reached(function) if name in names}
        functions = [held for held in taken.values() if type(held) is types.FunctionType]
        data = {name: held for name, held in taken.items() if type(held) is not types.FunctionType}
        if data:
            self._names(function, names, data, depth)
        self._follow(functions, function, depth)

    def _beyond(self, kind: type, depth: int) -> None:
        """What a class of the user's holds beside its objects: attributes of the class, names of its Python module."""
        for base in kind.__mro__:
            if id(base) in self._seen or installed(base.__module__):
                break
            self._seen.add(id(base))
            data = {name: held for name, held in vars(base).items() if not name.startswith("__") and is_data(held)}
            if data:
                self._names(base, base, data, depth)
            for function in vars(base).values():
                if type(function) is types.FunctionType and function.__module__ == base.__module__:
                    self._taken_from_names(function, depth + 1)

    def _names(self, owner: Any, table: Any, data: dict[str, Any], depth: int) -> None:
        same, refill = (same_names, refill_names) if type(table) is dict else (same_attributes, refill_attributes)
        self.containers.append(Container(owner, table, data, same, refill))
        self._follow(data.values(), owner, depth)
