"""Draw the four panels of the paper's Figure 3, and print its tables.

szilard run fig3 --out runs/fig3
python docs/images/fig3.py runs/fig3 [docs/images/fig3.png]
"""

from __future__ import annotations

import sys

import numpy as np
import plotly.graph_objects as go
from drawing import dressed, save

import szilard
from szilard.numbers import with_error
from szilard.studies.fig3.claims.temperature import layer_temperatures
from szilard.studies.fig3.figures.panels import panels
from szilard.studies.fig3.reading import Fig3Reading, read

WIDTH, HEIGHT = 1240, 800
STEPS = (0, 1000, 10_000, 50_000, 100_000)
CLAIMS = (
    "stationary noise", "white noise", "one temperature", "low variance of the accuracy", "confined parameters",
    "greatest force above the noise", "force above the noise",
)  # fmt: skip


def picture(run: szilard.Run, target: str) -> None:
    """The figure that leads the report, larger."""
    drawn = panels(read(run.tree))
    if drawn is None:
        sys.exit(f"{run.path} holds nothing that can be drawn.")
    figure = go.Figure({"data": drawn.data, "layout": drawn.layout})
    margins = {"l": 84, "r": 84, "t": 24, "b": 62}
    save(dressed(figure, WIDTH, HEIGHT).update_layout(margin=margins), target)


def numbers(reading: Fig3Reading) -> None:
    """Noise variance and accuracy along the training, and the temperature of each layer at its end."""
    print("| step | " + " | ".join(f"c, \\|b\\| = {size} | accuracy" for size in reading.batches) + " |")
    print("|" + "---|" * (1 + 2 * len(reading.batches)))
    for step in STEPS:
        if step not in reading.steps:
            continue
        row = int(np.flatnonzero(reading.steps == step)[0])
        cells = []
        for batch in range(len(reading.batches)):
            noise, right = reading.mean("noise_variance", batch), reading.mean("accuracy", batch)
            cells.append(scientific(noise.value[row, 0], noise.error[row, 0]))
            cells.append(with_error(right.value[row], right.error[row]))
        print(f"| {step:,} | " + " | ".join(cells) + " |")
    print("\n| layer | " + " | ".join(f"T, \\|b\\| = {size}" for size in reading.batches) + " |")
    print("|" + "---|" * (1 + len(reading.batches)))
    found = [layer_temperatures(reading, batch) for batch in range(len(reading.batches))]
    for layer, name in enumerate(reading.groups[1:]):
        cells = [scientific(each[layer].value, each[layer].error) if each else "–" for each in found]
        print(f"| {name} | " + " | ".join(cells) + " |")


def verdicts(run: szilard.Run, reading: Fig3Reading) -> None:
    """The rows of the audit that are about each batch size."""
    audit = run.audit()
    print("\n| claim | " + " | ".join(f"\\|b\\| = {size}" for size in reading.batches) + " |")
    print("|" + "---|" * (1 + len(reading.batches)))
    for claim in CLAIMS:
        rows = [audit[f"{claim}, |b| = {size}"] for size in reading.batches]
        cells = [
            f"{row.verdict}: {row.effect:.3g} [{row.interval[0]:.3g}, {row.interval[1]:.3g}]" if row.interval else "–"
            for row in rows
        ]
        print(f"| {claim} | " + " | ".join(cells) + " |")
    for row in audit.rows:
        print(f"\n{row.name}: {row.verdict}. {row.where}. {row.detail}")


def scientific(value: float, error: float) -> str:
    """``1.23(4)·10⁻³``, the error in units of the last digit."""
    power = int(np.floor(np.log10(abs(value))))
    scaled, digit = value / 10.0**power, error / 10.0 ** (power - 2)
    return f"{scaled:.2f}({digit:.0f})·10{str(power).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def main() -> None:
    """From a record to tables, and a picture if there is a place for it."""
    run = szilard.open(sys.argv[1])
    reading = read(run.tree)
    numbers(reading)
    verdicts(run, reading)
    if len(sys.argv) > 2:
        picture(run, sys.argv[2])


if __name__ == "__main__":
    main()
