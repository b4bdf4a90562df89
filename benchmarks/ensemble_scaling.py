"""What the budget costs beside the training, how cost and memory grow with members, and what a second worker brings.

    python benchmarks/ensemble_scaling.py [--quick]

The paper's network on MNIST (784-200-200-200-10, SGD, batches of 20). Each run is a process of its own, so that its
peak memory is its own; ratios are medians of interleaved repeats.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from machine import machine

import szilard
from szilard import SGD, Design, Disjoint, Experiment, Probe, Training, factory, geometric

REPEATS = 3


def experiment(members: int, steps: int, **changes: object) -> Experiment:
    """``members`` networks: data sets of 600 examples, two seeds each."""
    return Experiment(
        model=factory("nets:mlp", widths=[784, 200, 200, 200, 10]),
        data="mnist",
        training=Training(optimizer=SGD(lr=0.1), batch_size=20, steps=steps),
        design=Design(datasets=Disjoint(members // 2, size=600), seeds=2),
        probe=Probe(split="test", size=1000),
        record_at=geometric(20),
        **changes,  # type: ignore[arg-type]
    )


def budget_share(steps: int) -> dict[str, float]:
    """Seconds, of the clock and of all cores, with the record at 20 points and with the start and the end alone."""
    warm()
    found = {}
    for name, points in (("20 points", 20), ("2 points", 2)):
        chosen = experiment(18, steps)
        chosen = Experiment(**{**vars(chosen), "record_at": geometric(points), "design": DESIGN})
        begin = time.process_time()
        found[name] = timed(chosen)
        found[f"{name}, cores"] = time.process_time() - begin
    return found


DESIGN = Design(datasets=Disjoint(6, size=1000), seeds=3)


def warm() -> None:
    """What is loaded once: libraries, the data set, the first operations."""
    timed(experiment(2, 20))


def timed(chosen: Experiment, executor: object = "local") -> float:
    """Seconds of one ensemble, from call to record."""
    with tempfile.TemporaryDirectory() as directory:
        begin = time.perf_counter()
        szilard.run(chosen, Path(directory) / "run", quiet=True, executor=executor)
        return time.perf_counter() - begin


def growth(members: int, steps: int) -> dict[str, float]:
    """Seconds and peak memory of one process."""
    warm()
    seconds = timed(experiment(members, steps))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "MiB": peak}


def workers(count: int, steps: int) -> dict[str, float]:
    """Seconds on a Dask cluster of so many processes of one thread, without the time it takes to start them."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=count, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=50
        ) as cluster,
        Client(cluster) as client,
    ):
        timed(experiment(2 * count, 20, chunk=2), executor=client)
        return {"seconds": timed(experiment(24, steps, chunk=3), executor=client)}


PARTS = {"budget": budget_share, "growth": growth, "workers": workers}


def apart(part: str, *arguments: int) -> dict[str, float]:
    """Runs a part in a process of its own."""
    command = [sys.executable, __file__, "--part", part, *map(str, arguments)]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def report_budget(repeats: int, scale: int) -> None:
    """The share of the accounting."""
    shares = [apart("budget", 12_000 // scale) for _ in range(repeats)]
    print(f"budget at 20 points along {12_000 // scale:,} steps, 18 members, over the training:")
    for words, end in (("clock", ""), ("processor", ", cores")):
        ratio = statistics.median(each[f"20 points{end}"] / each[f"2 points{end}"] - 1 for each in shares)
        seen = ", ".join(f"{each[f'20 points{end}']:.1f}/{each[f'2 points{end}']:.1f}" for each in shares)
        print(f"  {ratio:.1%} of the {words}'s time (seconds: {seen})")


def report_growth(repeats: int, scale: int) -> None:
    """Cost and memory."""
    rows = [(apart("growth", 50, 1000 // scale), apart("growth", 200, 1000 // scale)) for _ in range(repeats)]
    cost = statistics.median(many["seconds"] / few["seconds"] for few, many in rows)
    memory = statistics.median(many["MiB"] - few["MiB"] for few, many in rows)
    print(f"200 members against 50: {cost:.2f} × the time (4 is linear), {memory:+.0f} MiB of peak memory")
    seen = [f"{few['seconds']:.1f}/{many['seconds']:.1f}, {few['MiB']:.0f}/{many['MiB']:.0f}" for few, many in rows]
    print("  seconds, MiB: " + "; ".join(seen))


def report_workers(repeats: int, scale: int) -> None:
    """What the second worker brings."""
    pairs = [(apart("workers", 1, 2000 // scale), apart("workers", 2, 2000 // scale)) for _ in range(repeats)]
    gain = statistics.median(one["seconds"] / two["seconds"] for one, two in pairs)
    print(f"two Dask workers of one thread against one: {gain:.2f} × as fast")
    print("  seconds: " + ", ".join(f"{one['seconds']:.1f}/{two['seconds']:.1f}" for one, two in pairs))


REPORTS = {"budget": report_budget, "growth": report_growth, "workers": report_workers}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the steps, one repeat")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS), help="what to measure")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("numbers", nargs="*", type=int)
    options = parser.parse_args()
    if options.part:
        print(json.dumps(PARTS[options.part](*options.numbers)))
        return
    repeats, scale = (1, 10) if options.quick else (REPEATS, 1)
    print(machine())
    for part in options.only:
        REPORTS[part](repeats, scale)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
