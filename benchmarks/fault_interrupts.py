"""Interrupts at random instants inside ``monitor.step``, caught by a loop that goes on: the run is as it was."""

from __future__ import annotations

import random
import signal
import tempfile
from pathlib import Path
from types import FrameType

import torch
from fault_trials import Outcome, Tally

import szilard


def tried(share: float) -> list[Outcome]:
    """2,000 interrupts."""
    return [interrupted("interrupt inside monitor.step", round(2000 * share))]


def interrupted(what: str, hits: int) -> Outcome:
    """Mode, gradients, random state and later steps are the loop's after each."""
    tally, rng, place = Tally(what), random.Random(2), Path(tempfile.mkdtemp())
    before = signal.signal(signal.SIGALRM, _interrupt)
    model = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.Dropout(0.5), torch.nn.Linear(16, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    monitors = 0
    monitor = None
    try:
        while tally.tried < hits:
            if monitor is None:
                ppm, monitors = szilard.Classifier(model, torch.randn(8, 4)), monitors + 1
                monitor = szilard.Monitor(ppm, optimizer, place / str(monitors), every=1, quiet=True)
            loss = torch.nn.functional.cross_entropy(model(torch.randn(4, 4)), torch.randint(3, (4,)))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            state, weights = torch.get_rng_state(), [each.detach().clone() for each in model.parameters()]
            try:
                signal.setitimer(signal.ITIMER_REAL, 10 ** rng.uniform(-4.3, -2))
                monitor.step(loss)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                tally.add(_changed(model, state, weights), "")
                torch.set_grad_enabled(True)
                model.train()
            except (IndexError, RuntimeError, ValueError) as error:  # of a step after an interrupt
                signal.setitimer(signal.ITIMER_REAL, 0)
                tally.add(f"a later step raised {type(error).__name__}")
                monitor = None
        if monitor is not None and not monitor.close().complete:
            tally.add("the record did not end well")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    outcome = tally.outcome()
    outcome.seen = outcome.seen if outcome.held < outcome.tried else "the run as it was, later steps recorded"
    return outcome


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Raises where the signal falls into a step, and not where a held signal is handed on after it."""
    while frame is not None:
        if frame.f_code.co_name == "step" and frame.f_code.co_filename.endswith("monitor/monitor.py"):
            raise KeyboardInterrupt
        frame = frame.f_back


def _changed(model: torch.nn.Module, state: torch.Tensor, weights: list[torch.Tensor]) -> str:
    """What is not as it was; empty where everything is."""
    found = []
    if not torch.is_grad_enabled():
        found.append("gradients left off")
    if not all(part.training for part in model.modules()):
        found.append("model left in evaluation mode")
    if not torch.equal(state, torch.get_rng_state()):
        found.append("random state changed")
    if torch.is_autocast_enabled("cpu"):
        found.append("autocast left on")
    if not all(torch.equal(each, kept) for each, kept in zip(model.parameters(), weights, strict=True)):
        found.append("parameters changed")
    return ", ".join(found)
