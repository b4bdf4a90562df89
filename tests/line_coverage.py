"""A plugin (``-p line_coverage``) that prints at the end which share of the lines of szilard the tests have run.

A line is marked when it first runs and costs next to nothing afterwards: some 2 % of all tests' processor time, where
a tracer takes 24 %. What runs in processes that tests start is not counted.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
import slipcover

SOURCE = Path(__file__).parent.parent / "src" / "szilard"
_EVERY = [] if "PYTEST_XDIST_WORKER" in os.environ else [str(SOURCE)]
"""Files that count though nothing imports them: one process sees to them for all."""
# Immediate: torch.compile reads the code of functions, and does not understand marks that stay in it.
_MARKED = slipcover.Slipcover(immediate=True, source=_EVERY)
_RUN: dict[str, set[int]] = defaultdict(set)
"""Lines that other processes of pytest-xdist ran, by file."""

slipcover.ImportManager(_MARKED, slipcover.FileMatcher(sources=[SOURCE])).__enter__()  # before szilard is imported


def _files() -> dict[str, dict[str, list[int]]]:
    """Lines that this process ran, and did not run, by file."""
    found: dict[str, dict[str, list[int]]] = _MARKED.get_coverage()["files"]
    return {str(Path(name).resolve()): lines for name, lines in found.items()}


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process of pytest-xdist hands over what it ran."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["lines"] = {name: lines["executed_lines"] for name, lines in _files().items()}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What a process of pytest-xdist hands over is added to the rest."""
    for name, lines in getattr(node, "workeroutput", {}).get("lines", {}).items():
        _RUN[name].update(lines)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each room of szilard, and the total."""
    run, there = Counter[str](), Counter[str]()
    for name, lines in _files().items():
        within = Path(name).relative_to(SOURCE).parts
        room = f"{within[0]}/" if len(within) > 1 else "modules of no room"
        every = {*lines["executed_lines"], *lines["missing_lines"]}
        for counted in (room, "total"):
            run[counted] += len((_RUN[name] | set(lines["executed_lines"])) & every)
            there[counted] += len(every)
    terminalreporter.section("lines run, without processes that tests start")
    for room in sorted(there, key=lambda room: (room == "total", room)):
        terminalreporter.write_line(f"{room:20}{run[room]:7,} of {there[room]:6,}{run[room] / there[room]:8.1%}")
