"""Pairs of writers of one record: begun at the same moment, or while the first one trains."""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path

from fault_trials import REFUSED, Outcome, Tally, Training, ended, fork, kill

import szilard
from szilard.records import writer


def tried(share: float) -> list[Outcome]:
    """100 pairs."""
    rng = random.Random(1)
    return [
        together("two that begin at once", round(50 * share), rng),
        second("one that begins while the other trains", round(30 * share), rng),
        after_a_kill("one that begins after the other was killed", round(20 * share), rng),
    ]


def writes(out: Path, name: str, rate: float, at: float, steps: int) -> None:
    """Waits for a moment and trains."""
    writer.COMMIT_SECONDS, writer.COMMIT_RATIO = 0.05, 1.0
    time.sleep(max(0.0, at - time.monotonic()))
    Training(out, rate, overwrite=True, attributes={"name": name}).go(steps, pause=0.002).close()


def is_of(out: Path, rate: float, steps: int) -> str:
    """What is wrong with a record that one training alone has written."""
    run = szilard.open(out)
    rates = set(run.data["learning_rate"].values.tolist())
    if rates != {rate} or run.data.sizes["step"] != steps + 1 or not run.complete:
        return f"{run.status}, {run.data.sizes['step']} rows of the rates {rates}"
    return ""


def together(what: str, pairs: int, rng: random.Random) -> Outcome:
    """Exactly one writes, the other is refused."""
    tally, place = Tally(what), Path(tempfile.mkdtemp())
    for pair in range(pairs):
        out, at = place / str(pair), time.monotonic() + 0.1
        if pair % 2:
            Training(out).go(3).close()  # there is one to be replaced
        rates = 0.1, 0.2
        late = rng.uniform(0, 0.02)
        children = [fork(writes, out, "one", rate, at + late * number, 60) for number, rate in enumerate(rates)]
        codes = [ended(child) for child in children]
        if sorted(codes) != [0, REFUSED]:
            tally.add(f"exit codes {codes}")
        else:
            tally.add(is_of(out, rates[codes.index(0)], 60), "one wrote, the other was refused")
    return tally.outcome()


def second(what: str, pairs: int, rng: random.Random) -> Outcome:
    """The second is refused and the first undisturbed."""
    tally, place = Tally(what), Path(tempfile.mkdtemp())
    for pair in range(pairs):
        out = place / str(pair)
        first = fork(writes, out, "first", 0.1, 0.0, 150)
        while not (out / "record.zarr" / "zarr.json").exists():
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 0.2))
        code = ended(fork(writes, out, "second", 0.2, 0.0, 20))
        wrong = "" if code == REFUSED else f"the second ended with {code}"
        wrong = wrong or ("" if ended(first) == 0 else "the first did not end well")
        tally.add(wrong or is_of(out, 0.1, 150), "the second was refused")
    return tally.outcome()


def after_a_kill(what: str, pairs: int, rng: random.Random) -> Outcome:
    """Nothing of a dead writer is in the way."""
    tally, place = Tally(what), Path(tempfile.mkdtemp())
    for pair in range(pairs):
        out = place / str(pair)
        first = fork(writes, out, "first", 0.1, 0.0, 10_000)
        time.sleep(rng.uniform(0.05, 0.4))
        kill(first)
        code = ended(fork(writes, out, "second", 0.2, 0.0, 20))
        tally.add(f"the second ended with {code}" if code else is_of(out, 0.2, 20), "the second wrote")
    return tally.outcome()
