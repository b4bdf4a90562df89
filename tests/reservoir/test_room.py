"""The room as a whole: its door, and that every name behind it is held to something by a test."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from szilard import reservoir

HERE = Path(__file__).parent
TESTS = "\n".join(path.read_text(encoding="utf-8") for path in sorted(HERE.glob("test_*.py")))
FUNCTIONS = [name for name in reservoir.__all__ if not inspect.isclass(getattr(reservoir, name))]


def test_the_door_is_sorted() -> None:
    names = reservoir.__all__
    classes, functions = ([n for n in names if n[0].isupper() is upper] for upper in (True, False))
    assert names == [*sorted(classes), *sorted(functions)]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_tested_by_name(name: str) -> None:
    assert re.search(rf"\b{name}\(", TESTS) or re.search(rf"\b{name}\b.*\bcall\b|map\({name}", TESTS)


@pytest.mark.parametrize("name", reservoir.__all__)
def test_everything_says_what_it_is(name: str) -> None:
    said = inspect.getdoc(getattr(reservoir, name))
    assert said
    assert not said.startswith(name + "(")  # a dataclass without a docstring is given its signature
