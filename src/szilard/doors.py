"""Doors that open when they are used: the public names of a package, each imported when it is first asked for."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any


def door(
    package: str, homes: Mapping[str, str], modules: Iterable[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """A module's ``__getattr__`` and ``__dir__`` (PEP 562), so that importing it loads nothing of what it offers.

    No name may be that of a module of the package: once imported, that module would stand where the name should.

    Args:
        package: the module's ``__name__``.
        homes: of each public name the module within the package that defines it.
        modules: modules of the package that are public as a whole.

    Example:
        >>> getattribute, directory = door("szilard", {"Estimate": "estimate"}, ["ledger"])
        >>> getattribute("Estimate").__name__, "ledger" in directory()
        ('Estimate', True)
    """
    whole = frozenset(modules)

    def getattribute(name: str) -> Any:
        if name in whole:
            return importlib.import_module(f"{package}.{name}")
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{package}.{homes[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    def directory() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes, *whole})

    return getattribute, directory
