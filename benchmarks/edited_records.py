"""Does every edited, truncated or foreign record end in words and an exit code, never in a traceback?

Frozen records of every kind are edited by chance, each edit after its seed, and put to the commands that read
records, in one process. What counts: no traceback, exit code 2 where the record is refused, and no more memory than the
record's files explain. ``--seed N`` tries one edit again and shows the chain of errors.
"""

from __future__ import annotations

import argparse
import collections
import resource
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "frozen"))

import frozen_edits
import frozen_records
from typer.testing import CliRunner

from szilard.cli.app import app

MEMORY = 3 * 2**30
"""Bytes of address space beyond what the process has at the beginning: what would need more fails, and shows."""


def commands(record: Path, seed: int) -> list[list[str]]:
    """The command that reads all of a record, and one of the others."""
    place = str(record)
    others = [
        ["show", place], ["show", place, "--json"], ["audit", place], ["audit", place, "--json"],
        ["list", str(record.parent)], ["compare", place, place],
    ]  # fmt: skip
    return [["report", place], others[seed // 7 % len(others)]]


def tried(record: Path, seed: int, loud: bool = False) -> tuple[set[int], list[str]]:
    """The exit codes of the commands, and what ended otherwise than in one of 0, 1 and 2."""
    codes, wrong = set(), []
    for command in commands(record, seed):
        result = CliRunner().invoke(app, command)
        codes.add(result.exit_code)
        error = result.exception
        if loud:
            print(command[0], result.exit_code, result.output[-400:])
        if (error is not None and not isinstance(error, SystemExit)) or result.exit_code not in (0, 1, 2):
            where = traceback.extract_tb(error.__traceback__)[-1] if error else ""
            wrong.append(f"{command[0]}: {type(error).__name__}: {str(error)[:80]} at {where}")
    return codes, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="one edit alone, told at length")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    seeds = [given.seed] if given.seed is not None else range(given.first, given.first + given.edits)
    with tempfile.TemporaryDirectory() as directory:
        names = list(frozen_records.RECORDS)
        places = {name: _place(frozen_records.unpack(name, Path(directory) / "sound")) for name in names}
        _limit_memory()
        outcomes: collections.Counter[Any] = collections.Counter()
        begin = time.process_time()
        for seed in seeds:
            name = names[seed % len(names)]
            others = [place for other, place in places.items() if other != name]
            record = Path(directory) / "edited" / "record"
            said = frozen_edits.edited(places[name], others, record, seed)
            codes, wrong = tried(record, seed, loud=given.seed is not None)
            outcomes["refused" if 2 in codes else "read"] += 1
            outcomes["in a traceback"] += bool(wrong)
            for each in wrong:
                print(f"seed {seed}, {name}, {said}\n    {each}", flush=True)
    print(dict(outcomes), f"in {time.process_time() - begin:.0f} s of processor time")
    sys.exit(bool(outcomes["in a traceback"]))


def _place(unpacked: Path) -> Path:
    """The directory of the record that was unpacked."""
    return next(unpacked.rglob("record.zarr")).parent


def _limit_memory() -> None:
    size = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
