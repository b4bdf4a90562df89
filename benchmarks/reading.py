"""What reading a record costs: processor time of the commands that show, judge and draw it.

    python benchmarks/reading.py [DIR] [--against CHECKOUT] [--repeats 5]

Each command runs in a process of its own, side by side with the same command of another checkout, in turn; what is
printed are medians of user and system time together. Without DIR a record is made first: a watched run on MNIST.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from machine import machine

COMMANDS = ("show", "audit", "report")
HERE = Path(__file__).resolve().parent.parent


def main() -> None:
    """Prints the medians, and their ratios against the other checkout."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("record", nargs="?", type=Path, help="a record; otherwise one is made")
    parser.add_argument("--against", type=Path, help="another checkout of szilard")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    checkouts = [HERE, *([options.against.resolve()] if options.against else [])]
    print(machine())
    with tempfile.TemporaryDirectory() as place:
        record = options.record or Path(place, "watched")
        if options.record is None:
            spec = ("single", "--data", "mnist", "--set", "training.steps=4000")
            seconds(checkouts[-1], "run", *spec, "--out", str(record))
        for command in COMMANDS:
            taken: list[list[float]] = [[] for _ in checkouts]
            for _ in range(options.repeats + 1):
                for times, checkout in zip(taken, checkouts, strict=True):
                    times.append(seconds(checkout, command, str(record)))
            ours, *others = (statistics.median(times[1:]) for times in taken)  # the first one compiles and warms
            told = "".join(f", {other:.2f} s there: {ours / other:.2f} of it" for other in others)
            print(f"szilard {command}: {ours:.2f} s of processor time{told}")


def seconds(checkout: Path, *words: str) -> float:
    """Processor time of a command of this checkout, user and system together."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(checkout / "src")}
    done = subprocess.run([sys.executable, "-m", "szilard", *words], env=environment, capture_output=True, text=True)
    if done.returncode not in (0, 1):  # an audit that finds numbers unsound says so by 1
        raise SystemExit(f"szilard {' '.join(words)} of {checkout} went wrong:\n{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
