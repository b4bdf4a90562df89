"""Who may look at whom: imports point downwards only, and ``import szilard`` is light."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import szilard

SOURCE = Path(szilard.__file__).parent
NAMES = {
    ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in SOURCE.rglob("*.py")
}
"""Of all modules."""
DESCRIBED = {"szilard.studies.kits", "szilard.studies.kits.watched"}
"""Kits' own files, which say no more than what studies say of themselves."""
STUDIES = {path.parent.name for path in SOURCE.glob("studies/*/reading.py")}
"""The studies, by their folders."""

BASE = {"distributions", "doors", "errors", "estimate", "numbers"}
MAY_IMPORT: dict[str, set[str]] = {
    "distributions": set(),
    "doors": set(),
    "errors": set(),
    "estimate": {"distributions", "notebook", "numbers"},
    "numbers": set(),
    "notebook": {"printable"},
    "printable": set(),
    "systems": BASE,
    "ledger": BASE,
    "information": BASE,
    "reservoir": BASE,
    "data": BASE | {"notebook"},
    "models": BASE | {"samplers"},
    "samplers": BASE,
    "settings": BASE,
    "training": BASE | {"settings"},
    "records": BASE | {"printable", ""},
    "verdicts": BASE | {"notebook", "printable"},
    "page": BASE | {"notebook", "printable", "verdicts"},
    "frame": BASE | {"page", "printable", "verdicts"},
    "kits": BASE | {"frame", "page", "reservoir", "verdicts"},
    "studies": BASE | {"frame", "information", "kits", "ledger", "page", "reservoir", "systems", "verdicts"},
    "handle": BASE | {"frame", "page", "records"},
    "audit": BASE | {"frame", "kits", "verdicts"},
    "report": BASE | {"frame", "page", "verdicts"},
    "loggers": BASE | {"handle"},
    "monitor": BASE
    | {"handle", "ledger", "loggers", "models", "notebook", "printable", "records", "reservoir", "samplers"},
    "integrations": BASE | {"handle", "models", "monitor"},
    "live": BASE | {"printable", "records"},
    "verify": BASE | {"information", "ledger", "models", "monitor", "reservoir", "samplers", "systems"},
    "ensemble": BASE | {"data", "ledger", "models", "printable", "records", "settings", "training"},
    "running": BASE
    | {
        "data",
        "ensemble",
        "frame",
        "handle",
        "information",
        "models",
        "monitor",
        "notebook",
        "printable",
        "records",
        "reservoir",
        "samplers",
        "settings",
        "training",
    },
    "experiments": BASE | {"frame"},
    "__main__": {"cli"},
    "cli": BASE | {"frame", "handle", "live", "printable", "records", "running", "verify", ""},
    "": {"doors"},
}
"""For each room, the rooms that its modules import, anywhere in them; "" is the package itself (its version)."""

HEAVY = ("torch", "numpy", "scipy", "xarray", "zarr", "pandas", "plotly", "sklearn", "pooch", "rich", "typer")


FRAME = {"", "study", "registry", "reading", "measuring_interval", "pages", "sentences"}
"""Modules of ``studies`` that belong to no study: what a study is, and what their readings, pages and words share."""
RUNNING_FRAME = {"life", "chunked", "loop", "spec", "progress", "resources", "runner", "catalogue", "trust"}
"""Those that only a run needs."""
READ = {
    "",
    "reading",
    "claims",
    "words",
    "page",
    "figures",
    "advice",
    "gallery",
    "model_space",
}
"""Parts of a study that look at a record; the others carry its run out."""


def room(module: str) -> str:
    """The room of a module: the first part of its name below ``szilard``, but for the rooms within ``studies``.

    These are the frame, the kits, what reads records, and what runs: reading must never need what only runs do.
    """
    parts = [*module.split(".")[1:], "", "", ""]
    if parts[0] != "studies":
        return parts[0]
    if parts[1] in FRAME or (parts[1] in STUDIES and not parts[2]) or module in DESCRIBED:
        return "frame"
    if parts[1] in RUNNING_FRAME or parts[1:3] == ["kits", "experiment"]:
        return "running"
    if parts[1] == "kits":
        return "kits"
    return "studies" if parts[2] in READ else "running"


def imports(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Every import in a module, at the top or within functions; those for type checkers only are left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for otherwise in node.orelse:
                yield from imports(otherwise)
        else:
            yield from imports(node)


@functools.cache
def imported(path: Path) -> set[str]:
    """The rooms that a module imports."""
    rooms = set()
    for node in imports(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        else:
            # A name that is imported may be a module itself.
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            modules = [name if name in NAMES else str(node.module) for name in whole]
        rooms |= {room(module) for module in modules if module.partition(".")[0] == "szilard"}
    return rooms


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def module_of(path: Path) -> str:
    """The module's name."""
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def home(path: Path) -> str:
    """The room in which a module lies."""
    return room(module_of(path))


def test_imports_point_downwards() -> None:
    wrong = {}
    for path in modules():
        own = home(path)
        assert own in MAY_IMPORT, f"{own!r} is a new room: say in MAY_IMPORT whom it may look at"
        if forbidden := imported(path) - {own} - MAY_IMPORT[own]:
            wrong[str(path.relative_to(SOURCE))] = forbidden
    assert len(modules()) > 100
    assert wrong == {}, "these look where they may not"


def test_no_permission_is_unused() -> None:
    used: dict[str, set[str]] = {room: set() for room in MAY_IMPORT}
    for path in modules():
        used[home(path)] |= imported(path)
    unused = {room: below - BASE - used[room] for room, below in MAY_IMPORT.items()}
    assert {room: below for room, below in unused.items() if below} == {}


@pytest.mark.parametrize("study", sorted(STUDIES))
def test_no_study_imports_another(study: str) -> None:
    others = {f"szilard.studies.{other}" for other in STUDIES - {study}}
    for path in SOURCE.glob(f"studies/{study}/**/*.py"):
        named = {
            name
            for node in imports(ast.parse(path.read_text(encoding="utf-8")))
            for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [str(node.module)])
        }
        assert not {name for name in named if ".".join(name.split(".")[:3]) in others}, path


def test_the_rooms_have_an_order() -> None:
    remaining = {name: below - {""} for name, below in MAY_IMPORT.items() if name}
    while remaining:
        lowest = {name for name, below in remaining.items() if not below & remaining.keys()}
        assert lowest, f"these look at each other in a circle: {sorted(remaining)}"
        remaining = {name: below for name, below in remaining.items() if name not in lowest}


def test_the_rule_is_seen_broken(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("def f():\n    from szilard.monitor import Monitor\n    import szilard.cli.app\n")
    assert imported(module) == {"monitor", "cli"}


def loaded_after(statement: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after ``statement``."""
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_szilard_loads_nothing_heavy() -> None:
    assert not loaded_after("import szilard") & set(HEAVY)


def test_monitoring_loads_no_plotting_and_no_records_until_they_are_needed() -> None:
    loaded = loaded_after("import szilard; szilard.Monitor; szilard.Classifier; szilard.Outcomes")
    assert not loaded & {"xarray", "zarr", "pandas", "plotly", "sklearn", "pooch", "rich", "scipy"}


def test_import_takes_little_beyond_torch() -> None:
    """Less than two fifths of the processor time that torch takes itself, on whatever machine."""
    code = (
        "import time; a = time.process_time(); import torch; b = time.process_time();"
        " import szilard; szilard.Monitor; szilard.Classifier; print((time.process_time() - b) / (b - a))"
    )
    # The least of three: what else the machine does can only slow one of the two.
    assert any(
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout) < 0.4
        for _ in range(3)
    )


def test_help_needs_no_torch() -> None:
    assert not loaded_after("import szilard.cli") & (set(HEAVY) - {"rich", "typer"})


def test_the_door_opens() -> None:
    assert all(getattr(szilard, name) is not None for name in szilard.__all__)
    assert set(szilard.__all__) <= set(dir(szilard))


def test_the_door_says_what_it_does_not_have() -> None:
    assert set(szilard.__all__) == {"__version__", *szilard._MODULES, *szilard._DOOR}
    with pytest.raises(AttributeError, match="has no attribute 'Monitr'"):
        szilard.Monitr  # noqa: B018
