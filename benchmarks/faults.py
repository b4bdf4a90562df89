"""What a record survives: kills, interrupts inside ``step``, writers that compete, disks that are full or gone.

    python benchmarks/faults.py [kills interrupts writers disks] [--share 1.0] [--kept faults.json] [--write]

Every trial runs in a child that is forked from a process which has everything imported. What a part found is kept in a
file, and parts that are there are not tried again; ``--share 0.05`` tries a twentieth. ``--write`` puts the table into
``docs/reliability.md``. Linux only; the full and the read-only disk need the rights to mount a tmpfs and to set the
immutable flag, and are left out with a word where there are none.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import fault_disks
import fault_interrupts
import fault_kills
import fault_writers
import torch
from fault_trials import Outcome, ended, fork
from machine import machine

PARTS = {
    "kills": fault_kills.tried,
    "interrupts": fault_interrupts.tried,
    "writers": fault_writers.tried,
    "disks": fault_disks.tried,
}
PAGE = Path(__file__).parents[1] / "docs" / "reliability.md"
HEADING = "## What was tried\n"
MEANING = (
    "*As promised* is what the first table says, with the numbers compared to the bit with those of a run left "
    "alone, where that is possible. SIGKILL fell at random instants from the first line of the run on; "
    "ensembles and Figure 3 were killed one to five times each before they were let end."
)
"""What the table says."""


def main() -> None:
    """Tries what is wanted, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all unless some are given")
    parser.add_argument("--share", type=float, default=1.0, help="of the trials")
    parser.add_argument("--kept", type=Path, default=Path("faults.json"), help="where what was found is kept")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {sorted(unknown)[0]!r}: {', '.join(PARTS)}")
    torch.set_num_threads(1)
    torch.optim.SGD([torch.zeros(1)], lr=0.1)  # what is imported once need not be imported by every child
    for part in options.parts or PARTS:
        if part not in read(options.kept):
            print(f"{part} …", flush=True)
            if ended(fork(try_part, part, options.share, options.kept)):  # so that nothing is computed in this process
                sys.exit(f"{part} could not be tried.")
    found = read(options.kept)
    table = table_of([row for part in PARTS for row in found.get(part, [])])
    print(table)
    if options.write:
        text = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(f"{text[: text.index(HEADING)]}{HEADING}\n{table}\n\n{MEANING}\n", encoding="utf-8")


def try_part(part: str, share: float, kept: Path) -> None:
    """Tries one part and keeps what was found."""
    found = read(kept) | {part: PARTS[part](share)}
    rows = {name: [vars(row) for row in outcomes] for name, outcomes in found.items()}
    kept.write_text(json.dumps(rows, indent=1), encoding="utf-8")


def read(kept: Path) -> dict[str, list[Outcome]]:
    """What was found so far, by part."""
    if not kept.is_file():
        return {}
    found = json.loads(kept.read_text(encoding="utf-8"))
    return {part: [Outcome(**row) for row in rows] for part, rows in found.items()}


def table_of(rows: list[Outcome]) -> str:
    """The table of a page."""
    lines = [
        f"`python benchmarks/faults.py`, {machine()}.",
        "",
        "| what | tried | as promised | seen |",
        "|---|---|---|---|",
        *(f"| {row.what} | {row.tried:,} | {row.held:,} | {row.seen} |" for row in rows),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
