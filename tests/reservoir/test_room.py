"""The room as a whole: its door, and that every name behind it is held to something by a test."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

from szilard import reservoir

HERE = Path(__file__).parent
TESTS = "\n".join(path.read_text(encoding="utf-8") for path in sorted(HERE.glob("test_*.py")))
NAMES = [module.name for module in pkgutil.iter_modules(reservoir.__path__)]
MODULES = [importlib.import_module(f"szilard.reservoir.{name}") for name in NAMES]
PUBLIC = {
    name: value
    for module in MODULES
    for name, value in vars(module).items()
    if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
}
"""What modules define, at the door or not."""
WITHIN = {"checked", "choose_blocks", "covariances", "deficient", "jackknife_blocks", "jackknifed", "symmetric"}
"""What modules share: held by what they give."""
FUNCTIONS = sorted(name for name, value in PUBLIC.items() if not inspect.isclass(value) and name not in WITHIN)


def test_the_door_is_sorted() -> None:
    names = reservoir.__all__
    classes, functions = ([n for n in names if n[0].isupper() is upper] for upper in (True, False))
    assert names == [*sorted(classes), *sorted(functions)]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_tested_by_name(name: str) -> None:
    assert re.search(rf"\b{name}\(", TESTS) or re.search(rf"\b{name}\b.*\bcall\b|map\({name}", TESTS)


def test_the_door_shows_what_modules_define() -> None:
    assert set(reservoir.__all__) < PUBLIC.keys()


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_everything_says_what_it_is(name: str) -> None:
    said = inspect.getdoc(PUBLIC[name])
    assert said
    assert not said.startswith(name + "(")  # a dataclass without a docstring is given its signature
