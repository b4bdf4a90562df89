"""SIGKILL at random instants: over single and sampled runs, ensembles and Figure 3, the latter two resumed."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from fault_trials import Outcome, Tally, differing, ended, fork, kill
from fault_trials import Training as Watched

import szilard
from szilard import SGD, Design, Disjoint, Experiment, Probe, Training, data, factory
from szilard.ensemble import timing
from szilard.records import writer
from szilard.studies import runner
from szilard.studies.fig3.spec import Figure3
from szilard.studies.spec import Spec

STEPS = 200
WAITING = 16
"""Records that wait to be accounted for together."""


class Shifted(torch.nn.Module):
    """A normal law in the plane, whose mean moves."""

    def __init__(self) -> None:
        super().__init__()
        self.mean = torch.nn.Parameter(torch.ones(2))

    def forward(self) -> torch.distributions.Distribution:
        return torch.distributions.Independent(torch.distributions.Normal(self.mean, 1.0), 1)


def sampled(out: Path) -> szilard.Monitor:
    """A watched training whose outcomes cannot be counted."""
    torch.manual_seed(0)
    model = Shifted()
    monitor = szilard.Monitor(szilard.Flow(model), out=out, every=1, quiet=True)
    for _ in range(STEPS):
        with torch.no_grad():
            model.mean -= 0.01 * model.mean
        monitor.step()
    return monitor


def points(examples: int, inputs: int) -> data.Dataset:
    """Three clouds that overlap."""
    generator = torch.Generator().manual_seed(5)
    labels = torch.arange(examples) % 3
    places = torch.randn(examples, inputs, generator=generator) + 1.5 * torch.eye(3, inputs)[labels]
    return data.from_arrays(places, labels, places[:30] + 0.1, labels[:30], name="points")


ENSEMBLE = Experiment(
    model=factory("nets:mlp", widths=[3, 8, 3]), data=points(240, 3), probe=Probe(size=20), threads=1, name="small",
    training=Training(optimizer=SGD(lr=0.2), batch_size=8, steps=1500), record_at=list(range(0, 1501, 150)),
    design=Design(datasets=Disjoint(4, size=40, label_noise=0.2), seeds=2), blocks=(1, 2), chunk=3,
)  # fmt: skip
FIGURE3 = Figure3(
    model=factory("nets:mlp", widths=[4, 6, 3]), data=points(60, 4), batch=(1, 2), trials=(6, 4), steps=1200, lr=0.05,
    records=6, points=12, examples=64, starts=(7,), lags=3, window=4, fresh=32, watched=2, workers=2, chunk=(2,),
)  # fmt: skip


def tried(share: float) -> list[Outcome]:
    """300 kills."""
    rng = random.Random(0)
    return [
        watched("SIGKILL of a watched run", lambda out: Watched(out).go(STEPS), round(110 * share), rng),
        watched("SIGKILL of a sampled run", sampled, round(70 * share), rng),
        resumed("SIGKILL of an ensemble, resumed", ENSEMBLE, round(80 * share), rng),
        resumed("SIGKILL of Figure 3, resumed", FIGURE3, round(40 * share), rng),
    ]


def watched(what: str, training: Callable[[Path], szilard.Monitor], kills: int, rng: random.Random) -> Outcome:
    """Kills trainings whose rows are held against those of one left alone."""
    tally, place = Tally(what), Path(tempfile.mkdtemp())
    begin = time.monotonic()
    assert ended(fork(lambda: training(place / "whole").close())) == 0
    lasts = time.monotonic() - begin
    whole = szilard.open(place / "whole").tree
    while tally.tried < kills:
        writer.COMMIT_SECONDS, writer.COMMIT_RATIO = rng.choice([(0.02, 0.0), (0.1, 1.0), (5.0, 100.0)])
        out = place / str(rng.random())
        child = fork(training, out)
        time.sleep(rng.uniform(0.0, lasts))
        if not kill(child):
            continue
        try:
            run = szilard.open(out)
        except szilard.SzilardError:
            tally.add("" if not (out / "record.zarr").exists() else "it does not open", "before the first record")
            continue
        wrong = differing(run.tree, whole) or ("" if run.status == "incomplete" else f"it is {run.status}")
        tally.add(wrong, "with rows")
    return tally.outcome()


def resumed(what: str, spec: Spec, kills: int, rng: random.Random) -> Outcome:
    """Kills runs again and again, lets each end at last, and compares it with one left alone."""
    tally, place = Tally(what), Path(tempfile.mkdtemp())
    begin = time.monotonic()
    assert ended(fork(lambda: runner.run(spec, place / "whole", quiet=True))) == 0
    lasts = time.monotonic() - begin
    whole = szilard.open(place / "whole").tree
    while tally.tried < kills:
        out, killed = place / str(rng.random()), 0
        timing.CHECKPOINT_SECONDS = rng.choice([0.0, 0.3])
        for _ in range(rng.randint(1, 5)):
            child = fork(_resume, spec, out)
            time.sleep(rng.uniform(0.0, lasts))
            killed += kill(child)
        code = ended(fork(_resume, spec, out))
        run = szilard.open(out) if code == 0 else None
        wrong = f"it cannot be resumed ({code})" if run is None else differing(run.tree, whole)
        wrong = wrong or ("" if run is not None and run.complete else "it is not complete")
        for _ in range(killed):
            tally.add(wrong, "" if wrong else "the same to the bit")
    return tally.outcome()


def _resume(spec: Spec, out: Path) -> None:
    runner.run(spec, out, quiet=True, resume=True)
