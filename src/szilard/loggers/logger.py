"""What a logger is to szilard: something that takes rows of named numbers, each at a training step."""

from __future__ import annotations

import abc
from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple

from szilard.errors import SpecError


class Row(NamedTuple):
    """The numbers of one training step, all finite, by their names in the logger (``szilard/work`` …)."""

    step: int
    values: Mapping[str, float]


class Logger(abc.ABC):
    """One place that numbers go to. Whatever it raises while training leaves it out of the rest of the run.

    Attributes:
        target: what the user gave; two loggers of the same target would write everything twice.
    """

    target: Any

    @property
    def name(self) -> str:
        """What warnings call it."""
        return type(self.target).__name__

    @abc.abstractmethod
    def write(self, rows: Sequence[Row]) -> None:
        """Takes rows, in the order of their steps. Those of a later call may lie before: some numbers come late."""

    def finish(self, rows: Sequence[Row]) -> None:
        """The run ends with these rows: what was written is to be seen. The user's logger itself is not closed."""
        self.write(rows)


def libraries(given: Any) -> set[str]:
    """The packages that an object's class and its bases come from, and which are therefore imported already."""
    return {base.__module__.partition(".")[0] for base in type(given).__mro__}


def is_module(given: Any, name: str) -> bool:
    """Whether it is the module of this name."""
    return isinstance(given, ModuleType) and given.__name__ == name


def closed(what: str, remedy: str) -> SpecError:
    """What is said of a logger that takes nothing any more, or does not yet."""
    return SpecError(f"{what}, so nothing can be logged there: {remedy}.")


def distinct(names: Iterable[str], allowed: Mapping[str, str]) -> dict[str, str]:
    """Names as a logger allows them, those that would become alike told apart by a number.

    Args:
        names: as they are.
        allowed: the allowed form of each.

    Example:
        >>> distinct(["a(b", "a|b"], {"a(b": "a_b", "a|b": "a_b"})
        {'a(b': 'a_b', 'a|b': 'a_b_2'}
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        chosen, number = allowed[name], 1
        while chosen in taken:
            number += 1
            chosen = f"{allowed[name]}_{number}"
        taken.add(chosen)
        found[name] = chosen
    return found
