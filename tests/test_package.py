"""What is handed out: its dependencies are those that it imports, and its parts say one and the same."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import szilard

ROOT = Path(__file__).parent.parent
SOURCE = Path(szilard.__file__).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MODULES = {"pytorch-ignite": "ignite", "scikit-learn": "sklearn", "tomli-w": "tomli_w"}
"""Modules that are not called as their package."""
BY_NAME = {"transformers": "training/pretrained.py", "accelerate": "training/pretrained.py",
           "gguf": "training/pretrained.py", "plotly": "page/render.py"}  # fmt: skip
"""Modules that are looked for by their names: few have them, or only a file of theirs is read."""


def imported() -> set[str]:
    """The top-level modules that the source imports, its own and Python's left out."""
    found = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add((node.module or "").partition(".")[0])
    found |= {name for name, file in BY_NAME.items() if f'"{name}"' in (SOURCE / file).read_text(encoding="utf-8")}
    return found - {"szilard"} - sys.stdlib_module_names


def test_the_dependencies_are_those_that_are_imported() -> None:
    project = PROJECT["project"]
    extras = [name for extra, wanted in project["optional-dependencies"].items() if extra != "test" for name in wanted]
    names = {re.split(r"[<>=]", requirement)[0] for requirement in [*project["dependencies"], *extras]}
    # what these do for us is in distributed and transformers, and xarray opens a record with Zarr
    names -= {"dask", "sentencepiece", "zarr"}
    # notebooks bring IPython along, and Zarr this
    found = imported() - {"IPython", "google_crc32c"}
    # loggers are the user's own, who has imported them
    names -= {"tensorboard", "wandb", "mlflow", "trackio"}
    assert {MODULES.get(name, name) for name in names} == found


def test_the_versions_that_make_installs_are_of_what_is_needed() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.partition("==")[0] for line in lines if not line.startswith("#")}
    project = PROJECT["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    # pandas comes with xarray, and takes part in what it writes.
    assert pinned == {re.split(r"[<>=]", requirement)[0] for requirement in wanted} | {"pandas"}


def test_the_citation_has_the_packages_version() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (.+)$", text, re.MULTILINE)[1] == szilard.__version__


def test_the_source_distribution_is_whole() -> None:
    build = PROJECT["tool"]["hatch"]["build"]["targets"]
    included = set(build["sdist"]["include"])
    assert all((ROOT / name).exists() for name in included)
    assert {"src", "tests", "docs", "README.md", "LICENSE", "CITATION.cff", "CHANGELOG.md"} <= included
    assert build["wheel"]["packages"] == ["src/szilard"]
    assert (SOURCE / "py.typed").is_file()
