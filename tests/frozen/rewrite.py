"""Takes what szilard says of the frozen records today for right: ``python tests/frozen/rewrite.py [NAME ...]``.

To be run on purpose only, after the differences that the tests show have been looked at; it prints them once more.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import frozen_snapshots as snapshots

import szilard


def rewrite(names: list[str]) -> None:
    """Writes the snapshots of these records anew; of all where none is named."""
    told: dict[str, Any] = {}
    if snapshots.ESTIMATES.exists():
        told = json.loads(snapshots.ESTIMATES.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as directory:
        for name in names or snapshots.RECORDS:
            run = szilard.open(snapshots.unpack(name, Path(directory)))
            _write("audit", name, snapshots.audit_of(run))
            _write("summary", name, snapshots.summary_of(run))
            _write("page", name, snapshots.page_of(run))
            told[name] = snapshots.readings_of(run)
    lines = (f"{json.dumps(name)}: {json.dumps(told[name], ensure_ascii=False)}" for name in snapshots.RECORDS)
    snapshots.ESTIMATES.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _write(part: str, name: str, text: str) -> None:
    """Writes one snapshot if it differs, and prints how."""
    path = snapshots.path_of(part, name)
    found = snapshots.differences(part, name, text) if path.exists() else ["new"]
    if found:
        print(f"{name}, {part}:", *found, sep="\n  ")
        content = text.encode("utf-8")
        path.write_bytes(gzip.compress(content, 9, mtime=0) if part == "page" else content)


if __name__ == "__main__":
    rewrite(sys.argv[1:])
