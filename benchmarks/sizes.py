"""Write docs/sizes.md: how often verdicts accuse what is sound (size), and see what is not (power).

    python benchmarks/sizes.py [--state FILE] [--out docs/sizes.md]

Takes some twenty minutes on one core; seeds are fixed. Each cell is kept in the state file as soon as it is known, so
that an interrupted run goes on where it was.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import sizes_canonical
import sizes_free_energy
import sizes_regimes
import sizes_stationary
import sizes_stopping

INTRODUCTION = """\
# How often a verdict is wrong

*Size*: how often a test that promises 5 % says no where the hypothesis is true. *Power*: how often where it is false.
Systems whose truth is exact by construction; written by `python benchmarks/sizes.py` with fixed seeds, smaller versions
run in the tests.
"""

SECTIONS = (sizes_canonical, sizes_free_energy, sizes_stopping, sizes_stationary, sizes_regimes)


class Cells:
    """Results by name, each written to a file as soon as it is known."""

    def __init__(self, path: Path) -> None:
        """Go on from ``path`` where there is one."""
        self._path = path
        self._known: dict[str, object] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    def __call__(self, name: str, measure: Callable[[], object]) -> object:
        """What ``measure`` gives, or gave the last time."""
        if name not in self._known:
            self._known[name] = measure()
            self._path.write_text(json.dumps(self._known), encoding="utf-8")
            print(name, self._known[name], flush=True)
        return self._known[name]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, default=Path("sizes.json"))
    parser.add_argument("--out", type=Path, default=Path("docs/sizes.md"))
    options = parser.parse_args()
    cells = Cells(options.state)
    lines = [INTRODUCTION]
    for section in SECTIONS:
        lines += section.section(cells)
    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(options.out)


if __name__ == "__main__":
    main()
