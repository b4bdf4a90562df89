"""Settings: frozen dataclasses whose types are checked however they are made, and which go to plain tables and back."""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Mapping
from typing import Any, ClassVar, Self, Union, get_args, get_origin, get_type_hints

from szilard.errors import SpecError, nearest

_LONGEST = 80
"""Characters of a value that a message quotes."""

Table = dict[str, Any]
"""What TOML and JSON can hold: strings, numbers, booleans, lists and further tables."""


class Settings:
    """Base of every part of a spec.

    A subclass is a frozen dataclass with fields of type ``bool``, ``int``, ``float``, ``str``, ``tuple[T, ...]``, other
    settings, or a union of these. Where None is allowed it is the default; a table leaves it out, or says ``"none"``.
    Where a field takes one of several settings, each has a ``kind``, and its table says ``kind = "…"``.

    Raises:
        SpecError: when made with a value of another type, or one that :meth:`check` refuses.
    """

    kind: ClassVar[str] = ""
    """The name among alternatives; empty where there is none."""

    def __post_init__(self) -> None:
        for name, hint in _hints(type(self)).items():
            value = convert(getattr(self, name), hint, f"{type(self).__name__}.{name}")
            object.__setattr__(self, name, value)
        self.check()

    def check(self) -> None:
        """Refuses values of the right type that make no sense together; see :meth:`require`."""

    def require(self, name: str, holds: bool, demand: str) -> None:
        """Raises :class:`SpecError` with the field and its value unless ``holds``."""
        if not holds:
            raise SpecError(
                f"{type(self).__name__}.{name} must be {demand}, not {_shown(getattr(self, name))}: change it."
            )

    def as_table(self) -> Table:
        """Every setting, defaults included and None left out, as a table that :meth:`from_table` reads."""
        table: Table = {"kind": self.kind} if self.kind else {}
        for name in _hints(type(self)):
            value = getattr(self, name)
            if value is not None:
                table[name] = plain(value)
        return table

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """The settings that :meth:`as_table` wrote; keys that are absent take their defaults.

        Raises:
            SpecError: for an unknown or missing key, or a value that does not fit.
        """
        given = {key: value for key, value in table.items() if not (key == "kind" and value == cls.kind)}
        known = _hints(cls)
        for key in given:
            if key not in known:
                raise SpecError(f"{cls.__name__} has no setting {key!r}: {nearest(key, known)}")
        for field in dataclasses.fields(cls):  # type: ignore[arg-type]
            required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
            if required and field.name not in given:
                raise SpecError(f"{cls.__name__} needs a value for {field.name!r}, and none is given: add one.")
        return cls(**given)


def plain(value: Any) -> Any:
    """A field's value as a table holds it."""
    if hasattr(value, "as_table"):
        return value.as_table()
    return [plain(each) for each in value] if isinstance(value, tuple) else value


def convert(value: Any, hint: Any, where: str) -> Any:
    """``value`` as ``hint`` asks: whole numbers become floats, lists tuples, tables settings.

    Raises:
        SpecError: if it does not fit, naming ``where``.
    """
    origin, options = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _convert_to_one_of(value, options, where)
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise SpecError(f"{where} must be a list, not {_shown(value)}: put it in brackets.")
        return tuple(convert(each, options[0], where) for each in value)
    if hint is float and isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    if isinstance(value, hint) and not (hint is int and isinstance(value, bool)) and hint is not float:
        return value
    if isinstance(value, Mapping) and issubclass(hint, Settings):
        return hint.from_table(value)
    raise SpecError(f"{where} must be {_in_words(hint)}, not {_shown(value)}: {_remedy(hint)}.")


def _convert_to_one_of(value: Any, options: tuple[Any, ...], where: str) -> Any:
    if value == "none" and types.NoneType in options:
        return None
    kinds = {option.kind: option for option in options if issubclass(option, Settings) and option.kind}
    if isinstance(value, str) and kinds and str not in options:
        value = {"kind": value}
    if isinstance(value, Mapping) and kinds:
        chosen = value.get("kind")
        if chosen is None:
            raise SpecError(f"{where} needs a kind, one of {', '.join(kinds)}.")
        if chosen not in kinds:
            raise SpecError(f"{where} has no kind {chosen!r}: {nearest(str(chosen), kinds)}")
        return kinds[chosen].from_table(value)
    for option in options:
        try:
            return convert(value, option, where)
        except SpecError:
            if isinstance(value, Mapping):
                raise
    wanted = " or ".join(_in_words(option) for option in options if option is not types.NoneType)
    first = next(option for option in options if option is not types.NoneType)
    raise SpecError(f"{where} must be {wanted}, not {_shown(value)}: {_remedy(first)}.")


def _in_words(hint: Any) -> str:
    words = {bool: "true or false", int: "a whole number", float: "a finite number", str: "a text"}
    return words.get(hint) or f"a {getattr(hint, '__name__', str(hint))}"


def _remedy(hint: Any) -> str:
    examples = {bool: "true", int: "10", float: "0.1", str: "'text'"}
    return f"give {examples[hint]}, for instance" if hint in examples else "give one, or the table of its settings"


def _hints(cls: type) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


def _shown(value: Any) -> str:
    """In a message: nobody wants to read a whole tensor."""
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
