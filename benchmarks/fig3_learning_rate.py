"""What the paper's Figure 3 was made with: learning rate, initialisation and scaling of inputs, none of them printed.

    python benchmarks/fig3_learning_rate.py [--rates 1e-4 3e-4 1e-3] [--trials 4] [--initialisations torch glorot he]
    python benchmarks/fig3_learning_rate.py --initialisations glorot --inputs standardised --rates 2e-4 --trials 8

Trains a small ensemble at |b| = 1 for every setting and holds it against what the figure's axes show: accuracy between
its ticks 0.2 and 0.8 and below 1, paths within −0.03 … 0.04, a noise variance of up to 0.0040, and an autocorrelation
of up to 0.0012 at step 1000. The score is the root of the sum of squared natural logarithms of seen over printed, 0 for
the very figure; a setting that is off by a factor two in one panel alone has 0.69.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import machine

import szilard
from szilard import factory
from szilard.studies.fig3.reading import read
from szilard.studies.fig3.spec import fig3

ACCURACY = (0.8, 0.96)
"""Where its largest value lies if matplotlib's last tick on an axis with the usual margins is 0.8."""
VARIANCE, COVARIANCE, DRIFT = 0.0040, 0.0012, 0.035
PATHS = 12
"""Four trainings at three batch sizes."""
DRAWS = 2000


def settings() -> argparse.Namespace:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", type=float, nargs="+", default=[1e-4, 3e-4, 1e-3])
    parser.add_argument("--initialisations", nargs="+", default=["torch", "lecun", "glorot", "he"])
    parser.add_argument("--inputs", nargs="+", default=["standardised", "plain"])
    parser.add_argument("--trials", type=int, default=4)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=1)
    return parser.parse_args()


def seen(run: szilard.Run) -> dict[str, float]:
    """What the panels show of a run at one batch size."""
    reading = read(run.tree)
    noise = reading.mean("noise_variance", 0).value[:, 0]
    start = reading.starts.index(1000) if 1000 in reading.starts else 0
    ways = np.abs(reading.drift(0)).max(0).ravel()
    drawn = np.random.default_rng(0).choice(ways, (DRAWS, PATHS)).max(1)
    late = noise[reading.even]
    return {
        "accuracy": float(reading.mean("accuracy", 0).value.max()),
        "variance": float(noise.max()),
        "change": float(late.max() / late.min()),
        "covariance": float(reading.covariance(0)[start][:, 0, 0].mean()),
        "drift": float(np.median(drawn)),
        "layers": float((layers := reading.mean("noise_variance", 0).value[-1, 1:]).max() / layers.min()),
    }


def score(shown: dict[str, float]) -> float:
    """Distance from what is printed."""
    right = shown["accuracy"]
    off = [
        max(0.0, math.log(ACCURACY[0] / right), math.log(right / ACCURACY[1])),
        math.log(shown["variance"] / VARIANCE),
        math.log(shown["covariance"] / COVARIANCE),
        math.log(shown["drift"] / DRIFT),
    ]
    return math.hypot(*off)


def main() -> None:
    """Prints a row for each setting."""
    chosen = settings()
    print(machine())
    print(
        "| initialisation | inputs | r | accuracy | largest way of 12 | largest c | C(1000) | c, largest/least |"
        " hottest layer | score | seconds |\n|---|---|---|---|---|---|---|---|---|---|---|"
    )
    for initialisation in chosen.initialisations:
        for inputs in chosen.inputs:
            for rate in chosen.rates:
                base = fig3("mnist")
                model = factory("nets:mlp", **{**base.model.arguments, "initialisation": initialisation})
                spec = dataclasses.replace(
                    base, model=model, standardised=inputs == "standardised", lr=rate, batch=(chosen.batch,),
                    trials=(chosen.trials,), steps=chosen.steps, paths=100, starts=(1000,), watched=0, records=20,
                    lags=1,
                )  # fmt: skip
                with tempfile.TemporaryDirectory() as place:
                    begin = time.perf_counter()
                    shown = seen(szilard.run(spec, Path(place) / "run", quiet=True))
                    seconds = time.perf_counter() - begin
                print(
                    f"| {initialisation} | {inputs} | {rate:g} | {shown['accuracy']:.3f} | {shown['drift']:.3f} |"
                    f" {shown['variance']:.4f} | {shown['covariance']:.5f} | {shown['change']:.2f} |"
                    f" {shown['layers']:.0f} × | {score(shown):.2f} | {seconds:.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
