"""How a spec says which model to train: a function by its address, with its arguments."""

from __future__ import annotations

import importlib
import inspect
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from torch import nn

from szilard.errors import SpecError, SzilardError, nearest
from szilard.settings import Settings, Table

SHORT = {
    "nets": "szilard.training.nets",
    "energies": "szilard.training.energies",
    "flows": "szilard.training.flows",
    "autoencoders": "szilard.training.autoencoder",
}
"""Modules that go by a short name."""


@dataclass(frozen=True)
class Factory(Settings):
    """A function that makes a model, and the arguments it is called with.

    Attributes:
        target: ``"module:function"``, or the function itself, which no file can hold ("not reconstructible").
        arguments: by keyword; for an address, only what TOML can hold.

    Raises:
        SpecError: if the address has no colon, or an argument cannot be written to TOML.
    """

    target: str | Callable[..., nn.Module]
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.target, nn.Module):
            raise SpecError(
                f"the model is a {type(self.target).__name__} that is made already: give the function or class that"
                " makes it, as lambda: … for instance, since every run needs one of its own."
            )
        if callable(self.target):
            object.__setattr__(self, "arguments", dict(self.arguments))
            return
        if not isinstance(self.target, str) or self.target.count(":") != 1:
            raise SpecError(f"a factory is 'module:function' or a function, not {self.target!r}.")
        if "factory" in self.arguments:
            raise SpecError(f"an argument of {self.target!r} is called 'factory', which names the function: rename it.")
        plain = {key: _plain(value, f"{self.target}: {key}") for key, value in self.arguments.items()}
        object.__setattr__(self, "arguments", plain)

    @property
    def reconstructible(self) -> bool:
        """Whether a file can hold it, so that a record can be resumed without the caller."""
        return isinstance(self.target, str)

    def as_table(self) -> Table:
        """``factory`` with the arguments beside it; a function is named and marked."""
        if callable(self.target):
            return {"factory": getattr(self.target, "__qualname__", repr(self.target)), "reconstructible": False}
        return {"factory": self.target, **self.arguments}

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """See :meth:`as_table`.

        Raises:
            SpecError: if there is no ``factory``, or it was a function that only the program that made it had.
        """
        if table.get("reconstructible") is False:
            raise SpecError(
                f"the model of this spec was the function {table.get('factory')!r} of a running program, which no file"
                " can hold: put factory = 'module:function' in its place."
            )
        if "factory" not in table:
            raise SpecError("a model needs factory = 'module:function', and its arguments beside it.")
        return cls(table["factory"], {key: value for key, value in table.items() if key != "factory"})

    def build(self) -> nn.Module:
        """Imports the module, calls the function and returns its model.

        Raises:
            SpecError: if module or function are not there, the arguments do not fit, or no ``nn.Module`` comes back.
        """
        function = self.target if callable(self.target) else find(self.target)
        name = self.target if isinstance(self.target, str) else getattr(function, "__qualname__", repr(function))
        _check_arguments(function, self.arguments, name)
        try:
            model = function(**self.arguments)
        except SzilardError:
            raise
        except Exception as error:
            raise SpecError(
                f"the factory {name!r} failed with {type(error).__name__}: {error} ({_where(error)}): mend it there."
            ) from error
        if not isinstance(model, nn.Module):
            raise SpecError(f"the factory {name!r} returned a {type(model).__name__}: it must return an nn.Module.")
        return model


def factory(target: str | Callable[..., nn.Module], /, **arguments: Any) -> Factory:
    """A model as a spec holds it.

    Args:
        target: ``"module:function"`` (``nets`` is short for ``szilard.training.nets``), or a function or class,
            which is accepted and marked "not reconstructible".
        **arguments: what it is called with.

    Example:
        >>> factory("nets:mlp", widths=[64, 32, 10]).as_table()
        {'factory': 'nets:mlp', 'widths': [64, 32, 10]}
    """
    return Factory(target, arguments)


def _where(error: BaseException) -> str:
    """File and line at which it was raised."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}, line {last.lineno}"


def find(target: str) -> Callable[..., Any]:
    """The function at an address, ``"module:function"``; its module is imported now.

    Raises:
        SpecError: if module or function are not there.
    """
    name, _, function = target.partition(":")
    try:
        module: ModuleType = importlib.import_module(SHORT.get(name, name))
    except ImportError as error:
        raise SpecError(
            f"the module of the factory {target!r} cannot be imported ({error}): install it, or run from the folder"
            " that holds it."
        ) from error
    found = getattr(module, function, None)
    if not callable(found):
        known = [each for each in dir(module) if callable(getattr(module, each)) and not each.startswith("_")]
        raise SpecError(f"the module {name!r} has no function {function!r}: {nearest(function, known)}")
    return found


def _check_arguments(function: Callable[..., Any], arguments: Mapping[str, Any], target: str) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    takes_any = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in signature.parameters.values())
    for name in arguments:
        if name not in signature.parameters and not takes_any:
            raise SpecError(f"the factory {target!r} takes no {name!r}: {nearest(name, signature.parameters)}")
    try:
        signature.bind(**arguments)
    except TypeError as error:
        raise SpecError(f"the factory {target!r} cannot be called with these arguments: {error}.") from error


def _plain(value: Any, where: str) -> Any:
    if isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(each, where) for each in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _plain(each, where) for key, each in value.items()}
    raise SpecError(
        f"{where} is {value!r}, which TOML cannot hold: give a number, text, truth value or list of these, or pass the"
        " function itself instead of its address."
    )
