"""What watching costs: the same training loop watched at defaults, unwatched, and with BackPACK's gradient variance.

    python benchmarks/watching.py [--blocks 30] [--seconds 1.0] [--without-backpack]

Blocks of the three loops alternate in one process, each on a model of its own, and ratios are taken block by block, so
that the machine drifts for all alike. Opening and closing the record are timed apart: they happen once.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from machine import machine
from mlp import batches, mnist, network
from torch.nn import CrossEntropyLoss

import szilard

Step = Callable[[], None]


def plain_loop(data: tuple, size: int) -> Step:
    """The unwatched loop."""
    model, loss_function, source = network(), CrossEntropyLoss(), batches(*data[:2], size)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step() -> None:
        x, y = next(source)
        loss = loss_function(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def watched_loop(data: tuple, size: int, out: Path) -> tuple[Step, szilard.Monitor]:
    """The same loop with a monitor at its defaults and 512 probe inputs."""
    model, loss_function, source = network(), CrossEntropyLoss(), batches(*data[:2], size)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    monitor = szilard.Monitor(szilard.Classifier(model, inputs=data[2]), optimizer, out=out, quiet=True)

    def step() -> None:
        x, y = next(source)
        loss = loss_function(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        monitor.step(loss=loss)

    return step, monitor


def backpack_loop(data: tuple, size: int) -> Step:
    """The same loop with BackPACK's per-batch gradient variance at every step."""
    from backpack import backpack, extend
    from backpack.extensions import Variance

    model, loss_function, source = extend(network()), extend(CrossEntropyLoss()), batches(*data[:2], size)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    warnings.filterwarnings("ignore", "Full backward hook is firing", UserWarning)  # BackPACK's own hooks

    def step() -> None:
        x, y = next(source)
        loss = loss_function(model(x), y)
        optimizer.zero_grad()
        with backpack(Variance()):
            loss.backward()
        optimizer.step()

    return step


def seconds_of(step: Step, count: int) -> float:
    """Time of ``count`` steps."""
    begin = time.perf_counter()
    for _ in range(count):
        step()
    return time.perf_counter() - begin


def compare(data: tuple, size: int, blocks: int, seconds: float, with_backpack: bool, out: Path) -> str:
    """One line of the table."""
    plain = plain_loop(data, size)
    begin = time.perf_counter()
    watched, monitor = watched_loop(data, size, out)
    opened = time.perf_counter() - begin
    seconds_of(plain, 50)
    count = max(20, round(seconds / (seconds_of(plain, 100) / 100)))
    other = backpack_loop(data, size) if with_backpack else None
    if other:
        seconds_of(other, 10)
    watched_ratios, other_ratios, plain_seconds, watched_seconds = [], [], [], []
    for block in range(blocks):
        order = (plain, watched) if block % 2 else (watched, plain)
        times = {step: seconds_of(step, count) for step in order}
        plain_seconds.append(times[plain])
        watched_seconds.append(times[watched])
        watched_ratios.append(times[watched] / times[plain])
        if other:
            few = max(10, count // 10)
            other_ratios.append(seconds_of(other, few) / few / (times[plain] / count))
    begin = time.perf_counter()
    run = monitor.close()
    closed = time.perf_counter() - begin
    backpack_column = f"{statistics.median(other_ratios):8.2f}" if other else "     n/a"
    return (
        f"{size:5d} {1e3 * statistics.median(plain_seconds) / count:9.2f} {run.attributes['every']:6d} "
        f"{statistics.median(watched_ratios):8.3f} {sum(watched_seconds) / sum(plain_seconds):8.3f} {backpack_column} "
        f"{1e3 * opened:8.0f} {1e3 * closed:8.0f} {blocks * count:9d}"
    )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=30, help="pairs of blocks for each batch size")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a block")
    parser.add_argument("--without-backpack", action="store_true")
    options = parser.parse_args()
    print(machine())
    print("watched and BackPACK: time over the unwatched loop's, median of paired blocks; total: over all blocks")
    print("batch   step/ms  every  watched    total BackPACK  open/ms close/ms     steps")
    data = mnist()
    with tempfile.TemporaryDirectory() as directory:
        for size in (32, 128, 512):
            out = Path(directory) / str(size)
            print(compare(data, size, options.blocks, options.seconds, not options.without_backpack, out), flush=True)


if __name__ == "__main__":
    main()
