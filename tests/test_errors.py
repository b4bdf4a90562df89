"""What errors say: one sentence, which begins alike everywhere, as it follows "szilard: error: "."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import szilard
from szilard import errors

SOURCE = Path(szilard.__file__).parent
OURS = {name for name, each in vars(errors).items() if isinstance(each, type) and issubclass(each, Exception)}


def sentences(path: Path) -> Iterator[tuple[int, str]]:
    """The line and the text of every error of szilard's own; what is put in where it runs is ``{}``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OURS and node.args:
            said = node.args[0]
            parts = said.values if isinstance(said, ast.JoinedStr) else [said]
            yield node.lineno, "".join(str(each.value) if isinstance(each, ast.Constant) else "{}" for each in parts)


def wrong(path: Path) -> list[tuple[int, str]]:
    """The line and the text of every error that begins with a capital letter, unless with a name in capitals."""
    capitals = [(line, text) for line, text in sentences(path) if text[0].isupper()]
    return [(line, text) for line, text in capitals if text.startswith("A ") or not text.split()[0].isupper()]


def test_errors_begin_alike() -> None:
    found = {str(path.relative_to(SOURCE)): wrong(path) for path in sorted(SOURCE.rglob("*.py"))}
    assert len(found) > 100
    assert {path: errors for path, errors in found.items() if errors} == {}


def test_a_wrong_beginning_is_seen(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("raise SpecError(f'The {x} is wrong: ' 'change it.')\n")
    assert list(sentences(module)) == wrong(module) == [(1, "The {} is wrong: change it.")]
