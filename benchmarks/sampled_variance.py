"""Samples for the same error: the sampled ledger against the paper's estimator, which draws fresh ones at every step.

    python benchmarks/sampled_variance.py [--seeds 20]

The model is a Gaussian of ten dimensions whose mean is learned by noisy gradient descent, so that the truth is known.
The paper's sums (Eqs. 22-23) are taken along trajectories of fresh samples: σ = Σ d_t(x_{t−1}) for W, and q for Q. How
many samples they need for the error of the ledger follows from the spread of single trajectories, of n samples each.
Spreads of the ledger are those between seeds, not its own error bars. Then samples are halved and doubled.
"""

from __future__ import annotations

import argparse
import math

import torch
from machine import machine

from szilard.ledger import Pathwise
from szilard.models.evaluation import undisturbed
from szilard.monitor import Ledger, Occasion
from szilard.systems import GaussianMean
from szilard.verify.as_models import AsTractable

TRAJECTORIES = 4000
PATHS = {400: (0.02, 1e-4), 2000: (0.004, 2e-5)}
"""Steps: rate, and variance of the noise of each component."""


def watch(system: GaussianMean, path: torch.Tensor, seed: int, samples: int) -> dict[str, float]:
    """The last row of a run, and the samples that each quantity took."""
    model = AsTractable(system, path[0])
    checkpoint = 16 * samples
    recorder = Ledger(samples=samples, checkpoint_samples=checkpoint, path_intervals=(1,)).start(model, seed)
    for step, theta in enumerate(path):
        model.move_to(theta)
        with undisturbed(model.module, model.device):
            recorder.observe(Occasion(step, min(step, 1), step == 0))
        if recorder.full:
            recorder.rows()
    row = recorder.finish()[-1].to_host()[-1][1]
    row["samples_for_work"] = (row["refreshes"] + 1) * (samples + max(64, samples // 4))
    row["samples_for_heat"] = row["samples_drawn"]
    return row


def paper(system: GaussianMean, path: torch.Tensor) -> tuple[float, float]:
    """Variances of work and heat of one trajectory."""
    generator = torch.Generator().manual_seed(0)
    x = system.sample(path[0], TRAJECTORIES, generator=generator)
    sums = Pathwise.start(system.phi(x, path[0]))
    for theta in path[1:]:
        old = system.phi(x, theta)
        x = system.sample(theta, TRAJECTORIES, generator=generator)
        sums = sums.advance(old, system.phi(x, theta))
    return float(sums.work.var()), float(sums.heat.var())


def main() -> None:
    """Prints the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--steps", type=int, nargs="*", default=list(PATHS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(machine())
    for steps in options.steps:
        rate, noise = PATHS[steps]
        system = GaussianMean(
            dimension=10, points=100, model_sigma=1.0, data_sigma=1.0, rate=rate, noise=noise, initial_variance=4.0
        )
        path = system.simulate(steps, seed=1)
        truth = system.along(path)
        print(f"n = {steps} steps: W = {truth['work']:.4f}, Q = {truth['heat']:.4f} nat")
        rows = [watch(system, path, seed, 256) for seed in range(options.seeds)]
        for name, variance in zip(("work", "heat"), paper(system, path), strict=True):
            values = torch.tensor([row[name] for row in rows], dtype=torch.float64)
            spread, drawn = float(values.std()), sum(row[f"samples_for_{name}"] for row in rows) / len(rows)
            needed = steps * variance / spread**2
            bias = (float(values.mean()) - truth[name]) / (spread / math.sqrt(len(rows)))
            error = sum(row[f"{name}_error"] for row in rows) / len(rows)
            print(
                f"  {name}: spread {spread:.2g} (mean error bar {error:.2g}, mean off by {bias:+.1f} of its errors) "
                f"from {drawn:.0f} samples; the paper's needs {needed:.3g}: {needed / drawn:,.0f} times as many"
            )
        for samples in (128, 256, 512):
            row = watch(system, path, 1000 + samples, samples)
            found = ", ".join(
                f"{name} {row[name]:.4f} ± {row[f'{name}_error']:.4f} "
                f"({(row[name] - truth[name]) / row[f'{name}_error']:+.1f} errors off)"
                for name in ("work", "heat")
            )
            print(f"  samples={samples}: {found}")


if __name__ == "__main__":
    main()
