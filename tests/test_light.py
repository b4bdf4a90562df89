"""Reading is light: to open, list, compare, judge and draw records loads no torch, whatever they are records of."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

RECORDS = Path(__file__).parent / "frozen" / "records"
UNWANTED = {"torch", "sklearn", "transformers", "scipy.stats", "plotly", "zarr", "distributed"}
"""Slow to load, and no record needs them."""

READ = """
import sys
from pathlib import Path

import szilard

for place in sorted(Path(sys.argv[1]).iterdir()):
    run = szilard.open(place)
    run.summary(), run.audit().to_json(), run.report(place / "report.html"), run.stopping_point()
print(*sys.modules)
"""

COMMANDS = """
import sys

from szilard.cli.app import app

for words in (["list", sys.argv[1]], *([word, sys.argv[2]] for word in ("show", "audit", "report")),
              ["show", "--json", sys.argv[2]], ["compare", sys.argv[2], sys.argv[2]]):
    app(words, standalone_mode=False)
print(*sys.modules)
"""


@pytest.fixture(scope="module", name="records")
def _records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of records of every kind."""
    place = tmp_path_factory.mktemp("records")
    for packed in sorted(RECORDS.glob("*.tar.gz")):
        with tarfile.open(packed) as archive:
            archive.extractall(place / packed.name.removesuffix(".tar.gz"), filter="data")
    return place


def loaded_by(code: str, *arguments: Path) -> set[str]:
    """The modules that a fresh interpreter has loaded at the end of ``code``."""
    command = [sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.slow
def test_reading_records_of_every_kind_loads_no_torch(records: Path) -> None:
    assert len(list(records.iterdir())) >= 20
    loaded = loaded_by(READ, records)
    assert {"szilard.page.render", "szilard.verdicts.audit"} <= loaded
    assert not loaded & UNWANTED


def test_commands_that_read_load_no_torch(records: Path) -> None:
    loaded = loaded_by(COMMANDS, records, records / "memorisation")
    assert "szilard.cli.comparing" in loaded
    assert not loaded & UNWANTED
