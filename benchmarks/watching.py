"""What watching costs: the same training loop unwatched, with a ledger, with ledger and reservoir, and with the peers.

    python benchmarks/watching.py [--blocks 20] [--seconds 1.5] [--without-peers] [--wall]

Blocks of all loops alternate in one process, each on a model of its own, and a watched block is held against the
unwatched one of its round, so that the machine drifts for all alike: the ratio is that of all rounds' processor time,
with a 95 % interval over the pairs (ratio estimator, Student's t). Watching is one line, ``szilard.watch``: steps are
counted by the optimiser's hooks. Opening and closing a record are not timed, nor the first steps, in which intervals
are chosen and records are dense: they happen once, and cost two seconds at most, with a reservoir some 250 steps more.
The peers are BackPACK's per-batch gradient variance and Cockpit's "economy", both at every step as they are meant;
where one is not installed, or cannot treat the model (a transformer), its column says so. The reservoir's records are
rarer than a block is long: what it costs shows over all blocks only, and widens its interval.
"""

from __future__ import annotations

import argparse
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
from szilard.monitor import schedule

Step = Callable[[], None]
CLOCK = time.process_time
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


def watched_loop(case: Case, out: Path, reservoir: bool) -> tuple[Step, szilard.Monitor]:
    """The same loop with a monitor at its defaults and 512 probe inputs."""
    model, loss_function, optimizer, draw = case.parts()
    measures: list[szilard.monitor.Measure] = [szilard.Ledger()]
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


def settle(step: Step, monitor: szilard.Monitor) -> None:
    """Goes on until the measuring interval stays as it is."""
    seconds_of(step, SETTLED)
    doubling = monitor._session.schedule.main.doubling
    while doubling is not None and doubling.doubling:
        seconds_of(step, SETTLED)


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
    plain = plain_loop(case)
    ledger, first = watched_loop(case, out / "ledger", reservoir=False)
    both, second = watched_loop(case, out / "both", reservoir=True)
    others = peers(case) if with_peers else {}
    settle(ledger, first)
    settle(both, second)
    count = max(20, round(seconds / (seconds_of(plain, 50) / 50)))
    loops, times = [plain, ledger, both], {plain: [], ledger: [], both: []}
    ratios: dict[str, list[float]] = {name: [] for name, (step, _) in others.items() if step}
    for block in range(blocks):
        for step in loops[block % 3 :] + loops[: block % 3]:
            times[step].append(seconds_of(step, count))
        for name in ratios:
            few = max(5, count // 20)
            ratios[name].append(seconds_of(others[name][0], few) / few / (times[plain][-1] / count))
    first.close()
    run = second.close()
    records = run.tree["reservoir"].sizes["step"]
    columns = [
        f"{statistics.median(ratios[name]):8.2f}" if name in ratios else f"{others[name][1] if others else '–':>8}"
        for name in ("BackPACK", "Cockpit")
    ]
    attributes = run.attributes
    return (
        f"{case.name:12s} {case.size:5d} {1e3 * statistics.median(times[plain]) / count:8.2f} "
        f"{attributes['every']:6d} {attributes['reservoir_every']:6d} {ratio(times[ledger], times[plain])} "
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
    else:  # intervals too are chosen by it
        schedule.device_time = lambda device: time.process_time()
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
