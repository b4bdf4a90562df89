"""What watching costs: the same training loop unwatched, with a ledger, with ledger and reservoir, and with the peers.

    python benchmarks/watching.py [--blocks 20] [--seconds 1.5] [--without-peers] [--wall]

Watching is one line, ``szilard.watch``: steps are counted by the optimiser's hooks. *ledger* is at its defaults, at the
interval that its budget finds: pairs of fresh loops, one watched and one not, whose blocks alternate, so that neither
the machine's drift nor where a model happens to lie in memory (some 3 % from one to the next) passes for a cost. The
ratio is that of all pairs' processor time, with a 95 % interval over the pairs (ratio estimator, Student's t). Opening
and closing a record, and the first steps, in which intervals are chosen and records are dense, are not timed: they
happen once, and cost two seconds at most. *both*, with the reservoir, is one loop beside one unwatched, over all
rounds: its records are rarer than a block is long. Of the peers, BackPACK's per-batch gradient variance and Cockpit's
"economy" are both at every step as they are meant; where one is not installed, or cannot treat the model (a
transformer), its column says so.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import scipy.stats
import torch
from machine import machine
from mlp import batches, mnist, network
from torch import Tensor, nn
from torch.nn import CrossEntropyLoss
from transformer import Transformer, sentences

import szilard
from szilard.monitor import schedule, session
from szilard.monitor.calibration import SHARE_FOR_RECORDS
from szilard.records import keeper

Step = Callable[[], None]
CLOCK = time.process_time
WARM = 20
OPENED = 0.5
"""Seconds in which a record that was just opened is written, beside the loop and not timed."""
PARTS = 8
"""Blocks of a pair, by turns."""
SETTLED = 64
"""Steps after which intervals are chosen and the first two bursts are over."""


@dataclass(frozen=True)
class Case:
    """A model on its data."""

    name: str
    build: Callable[[], nn.Module]
    inputs: Tensor
    labels: Tensor
    probe: Tensor
    size: int
    sequential: bool
    """Whether it is a chain of layers, as BackPACK needs it."""

    def parts(self) -> tuple[nn.Module, nn.Module, torch.optim.Optimizer, Callable[[], tuple[Tensor, Tensor]]]:
        """Model, loss, optimiser and a source of batches."""
        model, source = self.build(), batches(self.inputs, self.labels, self.size)
        return model, CrossEntropyLoss(), torch.optim.SGD(model.parameters(), lr=0.1), lambda: next(source)


class ProcessorTime:
    """Stands for the module ``time``, so that what is done every few seconds is done as often on a busy machine."""

    perf_counter = monotonic = staticmethod(time.process_time)


def plain_loop(case: Case) -> Step:
    """The unwatched loop."""
    model, loss_function, optimizer, draw = case.parts()

    def step() -> None:
        x, y = draw()
        loss = loss_function(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def watched_loop(case: Case, out: Path, every: int | None = None, *, reservoir: bool) -> tuple[Step, szilard.Monitor]:
    """The same loop, watched by one line on 512 probe inputs."""
    model, loss_function, optimizer, draw = case.parts()
    measures: list[szilard.monitor.Measure] = [szilard.Ledger(every=every)]
    if reservoir:
        data = (case.inputs, case.labels)
        measures.append(szilard.Reservoir(loss_function, data, batch_size=case.size, replacement=True))
    monitor = szilard.watch(model, optimizer, case.probe, out=out, measures=measures, quiet=True)

    def step() -> None:
        x, y = draw()
        loss = loss_function(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step, monitor


def interval(case: Case, out: Path) -> int:
    """The measuring interval at which doubling ends, as the budget finds it."""
    step, monitor = watched_loop(case, out, reservoir=False)
    seconds_of(step, SETTLED)
    run = monitor.close()
    timed = run.attributes["calibration"]
    share = timed["record_seconds"] / (SHARE_FOR_RECORDS * run.attributes["budget"] * timed["step_seconds"])
    return 2 ** max(0, math.ceil(math.log2(share)))


def pairs(case: Case, every: int, blocks: int, seconds: float, out: Path) -> tuple[list[float], list[float], int]:
    """Times of watched and of unwatched loops, fresh in each pair; and the steps of each, a multiple of ``every``."""
    watched: list[float] = []
    unwatched: list[float] = []
    count = 0
    for block in range(blocks):
        plain = plain_loop(case)
        ledger, monitor = watched_loop(case, out / str(block), every, reservoir=False)
        time.sleep(OPENED)
        warm = seconds_of(plain, WARM), seconds_of(ledger, WARM)
        count = count or every * max(1, round(seconds * WARM / warm[0] / every))
        parts = [count // PARTS + (part < count % PARTS) for part in range(PARTS)]
        times = {plain: 0.0, ledger: 0.0}
        for number, few in enumerate(parts):
            for step in (plain, ledger) if (number + block) % 2 else (ledger, plain):
                times[step] += seconds_of(step, few)
        monitor.close()
        watched.append(times[ledger])
        unwatched.append(times[plain])
    return watched, unwatched, count


def backpack_loop(case: Case) -> Step:
    """The same loop with BackPACK's per-batch gradient variance at every step."""
    from backpack import backpack, extend
    from backpack.extensions import Variance

    model, loss_function, optimizer, draw = case.parts()
    model, loss_function = extend(model), extend(loss_function)
    warnings.filterwarnings("ignore", "Full backward hook is firing", UserWarning)  # BackPACK's own hooks

    def step() -> None:
        x, y = draw()
        loss = loss_function(model(x), y)
        optimizer.zero_grad()
        with backpack(Variance()):
            loss.backward()
        optimizer.step()

    return step


def cockpit_loop(case: Case) -> Step:
    """The same loop with the quantities of Cockpit's "economy" at every step."""
    from backpack import extend
    from cockpit import Cockpit
    from cockpit.utils.configuration import configuration

    model, loss_function, optimizer, draw = case.parts()
    model, loss_function = extend(model), extend(loss_function)
    individual = extend(CrossEntropyLoss(reduction="none"))
    cockpit = Cockpit(model.parameters(), quantities=configuration("economy"))
    done = 0

    def step() -> None:
        nonlocal done
        x, y = draw()
        optimizer.zero_grad()
        outputs = model(x)
        loss, losses = loss_function(outputs, y), individual(outputs, y)
        information = {
            "batch_size": case.size, "individual_losses": losses, "loss": loss, "optimizer": optimizer,
        }  # fmt: skip
        with cockpit(done, info=information):
            loss.backward(create_graph=cockpit.create_graph(done))
        optimizer.step()
        done += 1

    return step


def peers(case: Case) -> dict[str, tuple[Step | None, str]]:
    """Those that run here, and why the others do not."""
    found: dict[str, tuple[Step | None, str]] = {}
    for name, make in (("BackPACK", backpack_loop), ("Cockpit", cockpit_loop)):
        if not case.sequential:
            found[name] = (None, "cannot")
            continue
        try:
            step = make(case)
            step()
            found[name] = (step, "")
        except ImportError:
            found[name] = (None, "absent")
        except Exception as error:  # an old peer on a new PyTorch
            found[name] = (None, type(error).__name__[:8])
    return found


def seconds_of(step: Step, count: int) -> float:
    """Time of ``count`` steps."""
    begin = CLOCK()
    for _ in range(count):
        step()
    return CLOCK() - begin


def ratio(watched: list[float], plain: list[float]) -> str:
    """The ratio of all rounds' times, with the 95 % interval over the pairs."""
    whole = sum(watched) / sum(plain)
    residuals = [a - whole * b for a, b in zip(watched, plain, strict=True)]
    error = statistics.stdev(residuals) / (len(plain) ** 0.5 * statistics.mean(plain))
    half = float(scipy.stats.t.ppf(0.975, len(plain) - 1)) * error
    return f"{whole:6.3f} [{whole - half:.3f}, {whole + half:.3f}]"


def compare(case: Case, blocks: int, seconds: float, with_peers: bool, out: Path) -> str:
    """One line of the table."""
    every = interval(case, out / "interval")
    watched, unwatched, count = pairs(case, every, blocks, seconds, out)
    plain = plain_loop(case)
    both, monitor = watched_loop(case, out / "both", every, reservoir=True)
    others = peers(case) if with_peers else {}
    for step in (plain, both):
        seconds_of(step, SETTLED)
    times: dict[Step, list[float]] = {plain: [], both: []}
    ratios: dict[str, list[float]] = {name: [] for name, (step, _) in others.items() if step}
    for block in range(blocks):
        for step in (plain, both) if block % 2 else (both, plain):
            times[step].append(seconds_of(step, count))
        for name in ratios:
            few = max(5, count // 20)
            ratios[name].append(seconds_of(others[name][0], few) / few / (times[plain][-1] / count))
    run = monitor.close()
    records = run.tree["reservoir"].sizes["step"]
    columns = [
        f"{statistics.median(ratios[name]):8.2f}" if name in ratios else f"{others[name][1] if others else '–':>8}"
        for name in ("BackPACK", "Cockpit")
    ]
    return (
        f"{case.name:12s} {case.size:5d} {1e3 * statistics.median(unwatched) / count:8.2f} "
        f"{every:6d} {run.attributes['reservoir_every']:6d} {ratio(watched, unwatched)} "
        f"{ratio(times[both], times[plain])} {' '.join(columns)} {records:7d} {blocks * count:8d}"
    )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=20, help="rounds for each case")
    parser.add_argument("--seconds", type=float, default=1.5, help="length of a block")
    parser.add_argument("--sizes", type=int, nargs="+", default=[32, 128, 512], help="batch sizes of the MLP")
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--without-transformer", action="store_true")
    parser.add_argument("--wall", action="store_true", help="count by the clock on the wall, on a quiet machine")
    options = parser.parse_args()
    global CLOCK
    if options.wall:
        CLOCK = time.perf_counter
    else:
        for module in (schedule, session, keeper):
            module.time = ProcessorTime
    inputs, labels, probe = mnist()
    cases = [Case("MLP", network, inputs, labels, probe, size, True) for size in options.sizes]
    if not options.without_transformer:
        words, of = sentences(20_000)
        cases.append(Case("transformer", Transformer, words, of, sentences(512, seed=1)[0], 32, False))
    print(machine())
    print(f"ledger, both (with the reservoir): over the unwatched loop, {options.blocks} pairs, [95 % interval];")
    print("BackPACK, Cockpit: median of rounds; every: steps between records of the ledger, and of the reservoir")
    print(
        "model        batch  step/ms  every  every ledger                  both                  "
        "BackPACK  Cockpit records    steps"
    )
    with tempfile.TemporaryDirectory() as directory:
        for number, case in enumerate(cases):
            out = Path(directory) / str(number)
            print(compare(case, options.blocks, options.seconds, not options.without_peers, out), flush=True)


if __name__ == "__main__":
    main()
