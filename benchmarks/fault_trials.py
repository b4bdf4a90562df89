"""What the trials of faults share: children, a small watched training, and what became of them."""

from __future__ import annotations

import collections
import os
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import xarray as xr

import szilard

REFUSED = 7
"""Exit code of a child that was told by an error of szilard's own."""


@dataclass
class Outcome:
    """What became of the trials of one kind.

    Attributes:
        what: was tried.
        tried: how often.
        held: how often everything was as promised.
        seen: in words.
    """

    what: str
    tried: int = 0
    held: int = 0
    seen: str = ""


@dataclass
class Tally:
    """Counts what was seen, and prints what was not as promised."""

    what: str
    tried: int = 0
    held: int = 0
    seen: collections.Counter[str] = field(default_factory=collections.Counter)

    def add(self, problem: str, seen: str = "") -> None:
        """One trial: what was wrong, empty where nothing was, and what else is to be counted."""
        self.tried += 1
        self.held += not problem
        if problem:
            print(f"  {self.what}: {problem}", file=sys.stderr, flush=True)
        if seen or problem:
            self.seen[seen or problem] += 1

    def outcome(self) -> Outcome:
        """The row of the table."""
        seen = ", ".join(f"{number} {what}" for what, number in self.seen.most_common())
        return Outcome(self.what, self.tried, self.held, seen or "–")


def fork(do: Callable[..., object], *arguments: object) -> int:
    """The process id of a child that does this with these arguments, and ends with 0, :data:`REFUSED` or 1."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        warnings.simplefilter("ignore")
        torch.set_num_threads(1)  # first in this thread: torch renews its threads after a fork
        do(*arguments)
        code = 0
    except szilard.SzilardError as error:
        code = REFUSED
        if os.environ.get("SZILARD_VERBOSE") == "1":
            print(f"  refused: {error}", file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def ended(child: int) -> int:
    """The exit code of a child; minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill(child: int) -> bool:
    """Kills a child; whether it still ran."""
    os.kill(child, signal.SIGKILL)
    return ended(child) == -signal.SIGKILL


class Training:
    """A small training that is watched, the same to the bit each time.

    Args:
        out: the record's directory.
        rate: the learning rate, by which one tells whose rows they are.
        settings: of the monitor.
    """

    def __init__(self, out: Path, rate: float = 0.1, **settings: Any) -> None:
        torch.manual_seed(0)
        self._model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))
        self._optimizer = torch.optim.SGD(self._model.parameters(), lr=rate)
        ppm = szilard.Classifier(self._model, torch.randn(20, 4))
        self.monitor = szilard.Monitor(ppm, self._optimizer, out, every=1, quiet=True, **settings)

    def go(self, steps: int, pause: float = 0.0) -> szilard.Monitor:
        """Trains on, and returns the monitor, which is not closed."""
        for _ in range(steps):
            loss = torch.nn.functional.cross_entropy(self._model(torch.randn(16, 4)), torch.randint(3, (16,)))
            self._optimizer.zero_grad()
            loss.backward()
            self._optimizer.step()
            self.monitor.step(loss)
            time.sleep(pause)
        return self.monitor


def differing(left: xr.DataTree, whole: xr.DataTree) -> str:
    """The first array of a record whose rows are not the first ones of another, to the bit; empty if there is none."""
    for name, node in left.children.items():
        ours, theirs = node.to_dataset(inherit=False), whole[name].to_dataset(inherit=False)
        rows = ours.sizes["step"]
        for variable in ours.variables:
            same = theirs[variable].isel(step=slice(rows)) if "step" in theirs[variable].dims else theirs[variable]
            if variable != "wall_time" and ours[variable].values.tobytes() != same.values.tobytes():
                return f"{name}/{variable}"
    return ""
