"""Every example in a docstring runs and prints what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import szilard

SOURCE = Path(szilard.__file__).parent
MODULES = ["szilard", *(module.name for module in pkgutil.walk_packages(szilard.__path__, "szilard."))]


def source(name: str) -> Path:
    """The file of a module."""
    folder = SOURCE.joinpath(*name.split(".")[1:])
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")


EXAMPLES = [name for name in MODULES if ">>>" in source(name).read_text(encoding="utf-8")]
"""The modules that have any."""


@pytest.mark.usefixtures("usual_signals")
@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    found = doctest.testmod(importlib.import_module(name), optionflags=options)
    assert found.attempted > 0
    assert found.failed == 0


def test_every_module_can_be_imported() -> None:
    assert {importlib.import_module(name).__name__ for name in MODULES} == set(MODULES)


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    examples = sum(len(test.examples) for name in EXAMPLES for test in finder.find(importlib.import_module(name)))
    assert examples > 50
