"""What each of two ranks sees when it trains and watches: run by ``test_ranks.py``, one pair of processes for all.

``python two_ranks.py RANK PORT DIRECTORY``. Each rank writes ``DIRECTORY/rank<RANK>.json``: by the name of a
trial, what became of it there.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributed.fsdp import fully_shard
from torch.distributed.optim import ZeroRedundancyOptimizer
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

import szilard
from szilard.errors import SzilardError
from szilard.models import sharding

RANK, PORT, PLACE = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
GENERATOR = torch.Generator().manual_seed(1)
INPUTS, LABELS = torch.randn(40, 4, generator=GENERATOR), torch.randint(3, (40,), generator=GENERATOR)
PROBE = torch.randn(12, 4, generator=GENERATOR)
FOUND: dict[str, Any] = {}


def network(*, norm: bool = False) -> nn.Sequential:
    """The same on every rank; batch-norm has buffers, which DDP broadcasts."""
    torch.manual_seed(0)
    middle = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8) if norm else nn.Tanh())
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(0.1), middle, nn.Linear(8, 3))


def sharded(**settings: Any) -> nn.Sequential:
    """Its middle and the rest, each in parts."""
    model = network()
    fully_shard(model[3], **settings)
    fully_shard(model, **settings)
    return model


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    """Momentum is state that must stay as it is."""
    return torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.9)


def steps(model: nn.Module, optimizer: torch.optim.Optimizer, count: int, done: Callable[[int], None]) -> list[float]:
    """Trains on each rank's own batches; ``done`` after each step. Returns the losses."""
    losses = []
    torch.manual_seed(5 + RANK)
    for number in range(1, count + 1):
        rows = torch.randint(40, (6,))
        loss = F.cross_entropy(model(INPUTS[rows]), LABELS[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
        done(number)
    return losses


def nothing(_: int) -> None:
    """After a step."""


def state(model: nn.Module, optimizer: torch.optim.Optimizer) -> list[Tensor]:
    """All that this rank holds of model and optimiser."""
    held = [*model.parameters(), *model.buffers()]
    held += [each for state in optimizer.state.values() for each in state.values() if isinstance(each, Tensor)]
    return [sharding.local(each).detach().clone() for each in held]


def same(one: list[Tensor], other: list[Tensor]) -> bool:
    """To the bit."""
    return len(one) == len(other) and all(map(torch.equal, one, other))


def sums(logits: list[Tensor]) -> tuple[float, float]:
    """Work and heat along these models, in float64: Σ p ln(p/p') over labels, and the change of energy that is left."""
    work = heat = 0.0
    phi = [-torch.log_softmax(each.double(), -1) for each in logits]
    for before, after in itertools.pairwise(phi):
        p, q = torch.exp(-before), torch.exp(-after)
        work += float((p * (after - before)).sum(-1).mean())
        heat += float(((q - p) * after).sum(-1).mean())
    return work, heat


def evaluated(model: nn.Module) -> Tensor:
    """Logits of the probe, as the model is used."""
    training = [part for part in model.modules() if part.training]
    model.eval()
    with torch.no_grad():
        logits = model(PROBE).clone()
    for part in training:
        part.training = True
    return logits


def refused(make: Callable[[], Any]) -> str:
    """What an error says; nothing where there is none."""
    try:
        make()
    except SzilardError as error:
        return f"{type(error).__name__}: {error}"
    return ""


@contextmanager
def heard() -> Iterator[list[str]]:
    """The warnings of a block."""
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield said
    said += [str(each.message) for each in caught if issubclass(each.category, szilard.errors.SzilardWarning)]


def replicated(name: str, wrap: Callable[[nn.Module], torch.optim.Optimizer]) -> None:
    """DDP: watched and unwatched are one; rank 0's numbers are the sums; the other does nothing."""
    runs, passes = [], []
    for watched in (False, True):
        model = network(norm=True)
        model[0].register_forward_hook(lambda *_: passes.append(1))
        parallel = DistributedDataParallel(model)
        optimizer = wrap(parallel)
        logits = []
        monitor = None
        begin = len(passes)
        if watched:
            probe = PROBE if RANK == 0 else None
            monitor = szilard.watch(parallel, optimizer, probe, out=PLACE / name, every=3, quiet=True)
            monitor.annotate(noted=1)
        losses = steps(parallel, optimizer, 10, monitor_loss(monitor))
        run = monitor.close() if monitor else None
        runs.append((losses, state(model, optimizer)))
        count = len(passes) - begin
    model = network(norm=True)
    parallel = DistributedDataParallel(model)
    optimizer = wrap(parallel)
    logits = [evaluated(model)]
    steps(parallel, optimizer, 10, lambda number: logits.append(evaluated(model)) if number % 3 == 0 else None)
    logits.append(evaluated(model))
    FOUND[name] = {
        "same": runs[0][0] == runs[1][0] and same(runs[0][1], runs[1][1]),
        "steps": monitor.steps,
        "passes": count,
        "sums": sums(logits),
        "run": None if run is None else str(run.path),
        "again": monitor.close() is None,
    }


def monitor_loss(monitor: szilard.Monitor | None) -> Callable[[int], None]:
    """A loss told of after each step."""
    return nothing if monitor is None else lambda number: monitor.loss(float(number))


def in_parts(name: str, between: Callable[[nn.Module], Any] = nothing, every: int | None = 3, **settings: Any) -> None:
    """FSDP2: watched and unwatched are one; parameters are what they were; rank 0's numbers are the sums."""
    runs = []
    for watched in (False, True):
        model = sharded(**settings)
        optimizer = sgd(model)
        before = list(model.parameters())
        if watched:
            monitor = szilard.watch(model, optimizer, PROBE, out=PLACE / name, every=every, quiet=True)
            kept = all(map(lambda one, other: one is other, before, model.parameters()))
        losses = steps(model, optimizer, 30 if every is None else 10, lambda _: between(model))  # noqa: B023
        if watched:
            run = monitor.close()
        else:
            unwatched = list(map(id, model.parameters())) == list(map(id, before))
        runs.append((losses, state(model, optimizer)))
    ids = list(map(id, model.parameters())) == list(map(id, before))
    model = sharded(**settings)
    optimizer = sgd(model)
    logits = [evaluated(model)]
    steps(model, optimizer, 10, lambda number: logits.append(evaluated(model)) if number % 3 == 0 else None)
    logits.append(evaluated(model))
    FOUND[name] = {
        "same": runs[0][0] == runs[1][0] and same(runs[0][1], runs[1][1]),
        "kept": kept and ids == unwatched,
        "records": monitor._session.schedule.main.records,
        "every": monitor._session.schedule.main.every,
        "sums": sums(logits),
        "run": None if run is None else str(run.path),
    }


def one_alone() -> None:
    """Only rank 0 watches: it is refused, and the training goes on."""
    sharding.PATIENCE = 0.2
    model = sharded()
    optimizer = sgd(model)
    begin = time.monotonic()
    said = refused(lambda: szilard.watch(model, optimizer, PROBE, out=PLACE / "alone")) if RANK == 0 else ""
    FOUND["one alone"] = {
        "said": said,
        "seconds": time.monotonic() - begin,
        "losses": len(steps(model, optimizer, 2, nothing)),
    }
    sharding.PATIENCE = 60.0


def other_alone() -> None:
    """Only rank 1 watches a model that both hold: it says that there is no record."""
    model = network()
    optimizer = sgd(model)
    with heard() as said:
        monitor = szilard.watch(model, optimizer, PROBE, out=PLACE / "other") if RANK == 1 else None
        steps(model, optimizer, 2, nothing)
        if monitor is not None:
            monitor.close()
    FOUND["other alone"] = {"said": said}
    dist.barrier()


def refusals() -> None:
    """What needs the whole model, and what ranks must have alike."""
    model = sharded()
    optimizer = sgd(model)
    reservoir = szilard.Reservoir(F.cross_entropy, (INPUTS, LABELS), batch_size=12, every=20)
    other = PROBE[: 12 - RANK]
    flow = type("Density", (), {"module": model, "device": torch.device("cpu")})()
    out = PLACE / "refused"
    FOUND["refusals"] = {
        "reservoir": refused(lambda: szilard.watch(model, optimizer, PROBE, out=out, measures=[reservoir])),
        "fisher": refused(
            lambda: szilard.watch(model, optimizer, PROBE, out=out, measures=[szilard.Ledger(fisher=True)])
        ),
        "sampled": refused(lambda: szilard.watch(flow, optimizer, out=out)),
        "probes": refused(lambda: szilard.watch(model, optimizer, other, out=out, every=2)),
        "intervals": refused(lambda: szilard.watch(model, optimizer, PROBE, out=out, every=2 + RANK)),
        "each": refused(lambda: szilard.watch(model, optimizer, PROBE, out=out, ranks="each")),
        "exists": out.exists(),
    }


def one_fails() -> None:
    """Rank 1's loop fails and goes on unwatched: nobody waits for it."""
    model = sharded()
    optimizer = sgd(model)
    with heard() as said:
        monitor = szilard.watch(model, optimizer, PROBE, out=PLACE / "fails", every=2, quiet=True)

        def fail(number: int) -> None:
            if number == 5 and RANK == 1:
                monitor.end(KeyError("data"))

        losses = steps(model, optimizer, 10, fail)
        monitor.close()
    FOUND["one fails"] = {"losses": len(losses), "said": said}


def one_breaks() -> None:
    """A model that is no longer finite: all ranks' records end, wherever that is seen first."""
    model = sharded()
    optimizer = sgd(model)
    with heard() as said:
        monitor = szilard.watch(model, optimizer, PROBE, out=PLACE / "breaks", every=2, quiet=True)

        def spoil(number: int) -> None:
            if number == 5:
                with torch.no_grad():
                    sharding.local(model[0].weight).fill_(torch.nan)
            monitor.loss(torch.tensor(float("nan") if number > 5 and RANK == 1 else 1.0))

        losses = steps(model, optimizer, 10, spoil)
        monitor.close()
    FOUND["one breaks"] = {"losses": len(losses), "broken": monitor.broken, "said": said}


def reservoir() -> None:
    """The batch is that of all ranks; a loader of one rank's own does not tell it."""
    model = network()
    parallel = DistributedDataParallel(model)
    optimizer = sgd(parallel)
    data = TensorDataset(INPUTS, LABELS)
    monitors: list[szilard.Monitor] = []

    def watch(loader: DataLoader[Any]) -> None:
        measures = [szilard.Ledger(every=5), szilard.Reservoir(F.cross_entropy, loader, every=5, lags=(1, 2))]
        out = PLACE / f"reservoir{len(monitors)}"
        monitors.append(szilard.watch(parallel, optimizer, PROBE, out=out, measures=measures, quiet=True))

    loaders = [DataLoader(data, 6, sampler=DistributedSampler(data, 2, RANK)), DataLoader(data, 6, shuffle=True)]
    said = [refused(lambda: watch(loader)) for loader in loaders]  # noqa: B023
    steps(parallel, optimizer, 11, nothing)
    run = monitors[0].close()
    FOUND["reservoir"] = {"said": said, "run": None if run is None else str(run.path)}


def each_its_own() -> None:
    """Trainings that are not one."""
    model = network()
    optimizer = sgd(model)
    monitor = szilard.watch(model, optimizer, PROBE, out=PLACE / f"each{RANK}", every=2, ranks="each", quiet=True)
    steps(model, optimizer, 4, nothing)
    FOUND["each"] = {"run": str(monitor.close().path)}


def told_steps() -> None:
    """Steps that the loop tells of, in a block; the other rank closes without a step as rank 0 does."""
    model = network()
    parallel = DistributedDataParallel(model)
    optimizer = sgd(parallel)
    ppm = szilard.Classifier(parallel, PROBE)
    with szilard.Monitor(ppm, optimizer, PLACE / "told", every=2, quiet=True) as monitor:
        steps(parallel, optimizer, 5, lambda number: monitor.step(loss=float(number)))
    idle = szilard.Monitor(ppm, optimizer, PLACE / "idle", every=2, quiet=True)
    FOUND["told"] = {"steps": monitor.steps, "idle": refused(idle.close)}


def group_gone() -> None:
    """The process group is destroyed before the monitors are closed; last of all."""
    model, model_in_parts = network(), sharded()
    parallel = DistributedDataParallel(model)
    optimizers = sgd(parallel), sgd(model_in_parts)
    monitors = [
        szilard.watch(each, optimizer, PROBE, out=PLACE / f"gone{number}", every=2, quiet=True)
        for number, (each, optimizer) in enumerate(zip((parallel, model_in_parts), optimizers, strict=True))
    ]
    steps(parallel, optimizers[0], 5, nothing)
    steps(model_in_parts, optimizers[1], 5, nothing)
    dist.barrier()
    dist.destroy_process_group()
    with heard() as said:
        runs = [monitor.close() for monitor in monitors]
    FOUND["gone"] = {"said": said, "runs": [None if run is None else str(run.path) for run in runs]}


def main() -> None:
    """All trials, in an order that both ranks share."""
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{PORT}", rank=RANK, world_size=2)
    other_alone()
    replicated("ddp", sgd)
    replicated("zero", lambda model: ZeroRedundancyOptimizer(model.parameters(), torch.optim.SGD, lr=0.3, momentum=0.9))
    in_parts("fsdp")
    in_parts("evaluated between", evaluated)
    in_parts("kept whole", reshard_after_forward=False)
    in_parts("timed", every=None)
    for trial in (one_alone, refusals, one_fails, one_breaks, reservoir, each_its_own, told_steps, group_gone):
        trial()
    (PLACE / f"rank{RANK}.json").write_text(json.dumps(FOUND))


if __name__ == "__main__":
    main()
