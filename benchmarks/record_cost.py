"""What one record costs: everything a record does, over a bare forward pass of the probe plus softmax.

    python benchmarks/record_cost.py [--repeats 400]

The two alternate in one process. Records are accounted for in batches; the ratio is that of the total times of whole
batches, so that each record bears its share, and the median over these groups is printed with the quartiles.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
from machine import machine
from mlp import mnist, network

import szilard
from szilard.models.evaluation import undisturbed
from szilard.monitor import Occasion

RECORDS = 16


def main() -> None:
    """Prints the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=60, help="groups of 16 records")
    options = parser.parse_args()
    model, probe = network(), mnist()[2]
    ppm = szilard.Classifier(model, inputs=probe)
    recorder = szilard.Ledger().start(ppm, seed=0)
    step = 0

    def record() -> None:
        nonlocal step
        with undisturbed(model, ppm.device):
            recorder.observe(Occasion(step, 1, opens_intervals=step == 0))
        step += 1
        if recorder.full:
            for rows in recorder.rows():
                rows.to_host()

    def bare() -> None:
        with torch.no_grad():
            torch.softmax(model(probe), -1)

    ratios, bare_times = [], []
    for _ in range(options.repeats + 3):
        bare_seconds = record_seconds = 0.0
        for _ in range(RECORDS):
            begin = time.perf_counter()
            bare()
            middle = time.perf_counter()
            record()
            bare_seconds += middle - begin
            record_seconds += time.perf_counter() - middle
        ratios.append(record_seconds / bare_seconds)
        bare_times.append(bare_seconds / RECORDS)
    ratios, bare_times = ratios[3:], bare_times[3:]  # without the dense rows of the sampled route, and warm
    low, median, high = statistics.quantiles(ratios, n=4)
    print(machine())
    print(f"forward pass and softmax over {len(probe)} inputs: {1e3 * statistics.median(bare_times):.2f} ms")
    print(f"one record over that: {median:.2f} (quartiles {low:.2f} to {high:.2f})")


if __name__ == "__main__":
    main()
