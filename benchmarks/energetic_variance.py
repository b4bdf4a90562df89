"""How many model samples does the ledger of an energy need against the paper's estimator with fresh samples?

On an enumerated Boltzmann machine, where the truth is known. The paper's way (Eqs. 23, 38 read literally) draws fresh
samples of every p_t and takes differences of two means; it is given exact samples and the exact ΔF, which nobody has.
The ledger's reference population is weighted, resampled and relaxed by the machine's own Gibbs kernel. Both use as many
samples a step; the ratio of variances is the ratio of samples at equal error.

    .venv/bin/python benchmarks/energetic_variance.py [--seeds 24]
"""

from __future__ import annotations

import argparse
import itertools
import statistics

import torch
from machine import machine
from torch import Tensor

from szilard.monitor.energetic import EnergeticRecorder, EnergeticSettings
from szilard.monitor.measure import Occasion
from szilard.systems import BoltzmannMachine
from szilard.verify.as_models import AsEnergetic

ISLANDS, PARTICLES = 16, 16
SAMPLES = ISLANDS * PARTICLES
NAMES = ("work", "heat", "heat_stepwise", "free_energy_change")


def ledger_of(system: BoltzmannMachine, path: Tensor, steps: int, seed: int) -> dict[str, float]:
    """The reference population's answers at the end of the path."""
    ppm = AsEnergetic(system, path[0])
    recorder = EnergeticRecorder(ppm, EnergeticSettings(steps, 2, ISLANDS, PARTICLES), seed)
    row: dict[str, float] = {}
    with torch.no_grad():
        for step, theta in enumerate(path):
            ppm.move_to(theta)
            recorder.observe(Occasion(step, 1))
            row = recorder.rows()[0].to_host()[-1][1]  # type: ignore[assignment]
    return {name: row[name] for name in NAMES}


def paper_of(system: BoltzmannMachine, path: Tensor, free_energy: float, seed: int) -> dict[str, float]:
    """Differences of means over fresh samples: every p_t is sampled anew for every mean."""
    generator = torch.Generator().manual_seed(seed)
    work = heat = 0.0
    for before, after in itertools.pairwise(path):

        def mean(energy_at: Tensor, of: Tensor) -> float:
            return float(system.energy(system.sample(of, SAMPLES, generator=generator), energy_at).mean())

        work += mean(after, before) - mean(before, before)
        heat += mean(after, after) - mean(after, before)
    return {"work": work - free_energy, "heat": heat}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=24)
    parser.add_argument("--steps", type=int, nargs="+", default=[50, 200])
    seeds = parser.parse_args().seeds
    print(machine())
    for steps in parser.parse_args().steps:
        # the same stretch of learning, cut into more steps
        system = BoltzmannMachine(rate=10.0 / steps, batch_size=4096)
        path = system.simulate(steps, seed=0)
        truth = dict(system.lagged(path, 1))
        truth["heat_stepwise"] = truth["heat"]
        paper = [paper_of(system, path, truth["free_energy_change"], seed) for seed in range(seeds)]
        print(f"\nn = {steps}, {SAMPLES} samples a step: W = {truth['work']:.4f}, Q = {truth['heat']:.4f}")
        for sampler_steps in (1, 4):
            ours = [ledger_of(system, path, sampler_steps, seed) for seed in range(seeds)]
            for name in NAMES:
                variance = statistics.fmean((row[name] - truth[name]) ** 2 for row in ours)
                line = f"  {sampler_steps} sweeps: {name:20} error {variance**0.5:.2e}"
                fresh = name.removesuffix("_stepwise")
                if fresh in paper[0]:
                    other = statistics.fmean((row[fresh] - truth[fresh]) ** 2 for row in paper)
                    line += f", the paper's {other**0.5:.2e}: {other / variance:,.0f} times the samples"
                print(line)


if __name__ == "__main__":
    main()
