"""MNIST's gradient-noise scale against the published value of about 900 (McCandlish et al. 2018, arXiv:1812.06162).

    python benchmarks/noise_scale.py [--trials 8] [--rates 0.01 0.1] [--epochs 1]

Batches of 128 in shuffled epochs, plain SGD. For the paper's perceptron and a smaller one: the scale
tr C/‖∇U‖² at frozen parameters, from passes over the whole training set (exact), and pooled over the moving ones: the
ratio of the sums over records of both, from fresh examples, with the error over trainings (Fieller's interval).
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import machine

import szilard
from szilard import factory
from szilard.reservoir.replicates import fieller_interval
from szilard.studies.fig3.reading import Fig3Reading, read
from szilard.studies.fig3.spec import fig3

BATCH, EXAMPLES = 128, 60_000
MODELS = {
    "perceptron 784-200-200-200-10": factory("nets:mlp", widths=[784, 200, 200, 200, 10]),
    "perceptron, one hidden layer of 128": factory("nets:mlp", widths=[784, 128, 10]),
}


def settings() -> argparse.Namespace:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--rates", type=float, nargs="+", default=[0.01])
    parser.add_argument("--epochs", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    """Prints a row for each setting."""
    chosen = settings()
    steps = chosen.epochs * (EXAMPLES // BATCH)
    print(machine())
    print(
        "| model | inputs | r | pooled (95 %) | mean of frozen ones | frozen at the start, a quarter, half, the end |"
        " accuracy | seconds |\n|---|---|---|---|---|---|---|---|"
    )
    for name, model in MODELS.items():
        for standardised in (False, True):
            for rate in chosen.rates:
                spec = dataclasses.replace(
                    fig3("mnist"), model=model, standardised=standardised, lr=rate, batch=(BATCH,), shuffle="epochs",
                    trials=(chosen.trials,), steps=steps, records=12, starts=(), lags=0, window=1, watched=1,
                )  # fmt: skip
                begin = time.perf_counter()
                with tempfile.TemporaryDirectory() as place:
                    run = szilard.run(spec, Path(place) / "run", quiet=True)
                    reading = read(run.tree)
                print(_row(reading, f"{name} | {'standardised' if standardised else '[0, 1]'} | {rate:g}", begin))


def _row(reading: Fig3Reading, what: str, begin: float) -> str:
    even = reading.even
    # An epoch thins the noise of a batch; the scale is that of draws with replacement.
    share = BATCH * (EXAMPLES - 1) / (EXAMPLES - BATCH)
    noise, signal = (reading.of_members(name, 0)[even, :, 0].sum(0) for name in ("noise_variance", "signal_variance"))
    low, high = fieller_interval(share * noise, signal)
    pooled = share * noise.mean() / signal.mean()
    full, force = (reading.of_watched(name, 0)[:, 0, 0] for name in ("noise_variance_full", "signal_variance_full"))
    frozen = share * full / force
    places = [0, even[len(even) // 4], even[len(even) // 2], -1]
    right = reading.mean("accuracy", 0).value[-1]
    return (
        f"| {what} | {pooled:.0f} ({low:.0f} to {high:.0f}) | {np.mean(frozen[even]):.0f} |"
        f" {', '.join(f'{frozen[place]:.0f}' for place in places)} | {right:.3f} |"
        f" {time.perf_counter() - begin:.0f} |"
    )


if __name__ == "__main__":
    main()
