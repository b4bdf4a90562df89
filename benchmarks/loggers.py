"""What a logger costs a watched loop: pairs of fresh loops, both watched, one with a logger.

    python benchmarks/loggers.py [--pairs 20] [--seconds 1.0] [--every 4]

Blocks of a pair alternate, as in ``watching.py``. Processor time is that of the process, the loggers' own threads
included (W&B's second process is not). Timing begins after 20 steps, in the dense first part of a run, where all
rows are given; opening and closing are not timed. The libraries write as ever, offline: event files, W&B's own file,
SQLite. Beside the ratio stands the share of the watched loop's time that its own thread spent on the logger.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from machine import machine
from mlp import mnist, network
from watching import OPENED, PARTS, WARM, Case, Step, ratio, seconds_of

import szilard
from szilard.monitor.loggers import RunLoggers


class Inside:
    """Processor time that is spent on loggers, in the loop's thread; stands for what hands rows to them."""

    def __init__(self) -> None:
        self.seconds = 0.0
        write = RunLoggers.write

        def timed(loggers: RunLoggers, rows: Any) -> None:
            begin = time.thread_time()
            write(loggers, rows)
            self.seconds += (time.thread_time() - begin) if loggers else 0.0

        RunLoggers.write = timed  # type: ignore[method-assign]


INSIDE = Inside()


def watched(case: Case, every: int, out: Path, loggers: list[Any]) -> tuple[Step, szilard.Monitor]:
    """The loop with a ledger, and with these loggers."""
    model, loss_function, optimizer, draw = case.parts()
    monitor = szilard.watch(model, optimizer, case.probe, out=out, every=every, quiet=True, loggers=loggers)

    def step() -> None:
        x, y = draw()
        loss = loss_function(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        monitor.loss(loss)
        optimizer.step()

    return step, monitor


def tensorboard(out: Path) -> Any:
    """A writer of event files."""
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(out / "events")


def wandb(out: Path) -> Any:
    """A run of W&B in which nothing else is logged."""
    import wandb

    wandb.finish()
    return wandb.init(project="benchmark", mode="offline", dir=out)


def wandb_all(out: Path) -> Any:
    """The same, every row at once."""
    return szilard.loggers.WandB(wandb(out), rows="all")


def mlflow(out: Path) -> Any:
    """A run of MLflow in SQLite."""
    import mlflow

    mlflow.end_run()
    mlflow.set_tracking_uri(f"sqlite:///{out.parent}/mlflow.db")
    return mlflow.start_run()


def trackio(out: Path) -> Any:
    """A run of trackio."""
    import trackio

    return trackio.init(project="benchmark")


def function(out: Path) -> Any:
    """A function that keeps what it is given."""
    kept: list[tuple[int, Mapping[str, float]]] = []
    return lambda values, step: kept.append((step, values))


LOGGERS: dict[str, Callable[[Path], Any]] = {
    "function": function,
    "TensorBoard": tensorboard,
    "W&B": wandb,
    "W&B, all rows": wandb_all,
    "MLflow": mlflow,
    "trackio": trackio,
}


def compare(case: Case, make: Callable[[Path], Any], every: int, pairs: int, seconds: float, out: Path) -> str:
    """The ratio of processor times, with its interval."""
    times: dict[bool, list[float]] = {True: [], False: []}
    count, inside = 0, 0.0
    for number in range(pairs):
        place = out / str(number)
        place.mkdir(parents=True)
        plain, one = watched(case, every, place / "without", [])
        logged, other = watched(case, every, place / "with", [make(place)])
        time.sleep(OPENED)
        warm = seconds_of(plain, WARM), seconds_of(logged, WARM)
        count = count or every * max(1, round(seconds * WARM / warm[0] / every))
        spent, INSIDE.seconds = {plain: 0.0, logged: 0.0}, 0.0
        for part in range(PARTS):
            few = count // PARTS + (part < count % PARTS)
            for step in (plain, logged) if (part + number) % 2 else (logged, plain):
                spent[step] += seconds_of(step, few)
        inside += INSIDE.seconds
        for loop, monitor in ((plain, one), (logged, other)):
            times[loop is logged].append(spent[loop])
            monitor.close()
    share = 100 * inside / sum(times[True])
    return f"{ratio(times[True], times[False])}  inside {share:.2f} %  {count} steps"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=1.0, help="length of each loop")
    parser.add_argument("--every", type=int, default=4, help="training steps between records")
    parser.add_argument("--loggers", nargs="+", default=list(LOGGERS), choices=list(LOGGERS))
    options = parser.parse_args()
    inputs, labels, probe = mnist()
    case = Case("MLP", network, inputs, labels, probe, 128, True)
    print(machine())
    print(f"with a logger over without, {options.pairs} pairs, a record every {options.every} steps, [95 % interval]:")
    with tempfile.TemporaryDirectory() as directory:
        os.environ.update(WANDB_SILENT="true", TRACKIO_DIR=f"{directory}/trackio")
        for name in options.loggers:
            said = compare(case, LOGGERS[name], options.every, options.pairs, options.seconds, Path(directory) / name)
            print(f"{name:14s} {said}", flush=True)
            if name == "MLflow":
                import mlflow

                mlflow.end_run()  # else it does so at exit, when the database is gone


if __name__ == "__main__":
    main()
