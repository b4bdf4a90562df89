"""Takes what szilard says of the frozen records today for right: ``python tests/frozen/rewrite.py [NAME ...]``.

To be run on purpose only, after the differences that the tests show have been looked at; it prints them once more.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import frozen_records as frozen

import szilard


def rewrite(names: list[str]) -> None:
    """Writes the audits of these records anew; of all where none is named."""
    told: dict[str, Any] = {}
    if frozen.ESTIMATES.exists():
        told = json.loads(frozen.ESTIMATES.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as directory:
        for name in names or frozen.RECORDS:
            run = szilard.open(frozen.unpack(name, Path(directory)))
            _write(name, frozen.audit_of(run))
            told[name] = frozen.readings_of(run)
    lines = (f"{json.dumps(name)}: {json.dumps(told[name], ensure_ascii=False)}" for name in frozen.RECORDS)
    frozen.ESTIMATES.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _write(name: str, text: str) -> None:
    """Writes the audit of a record if it differs, and prints how."""
    path = frozen.path_of(name)
    found = frozen.differences(name, text) if path.exists() else ["new"]
    if found:
        print(f"{name}:", *found, sep="\n  ")
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    rewrite(sys.argv[1:])
