"""Whether the dataset matters at all: the contrast that is unbiased at zero, and the permutation test."""

from __future__ import annotations

import numpy as np

from szilard.page.style import BLUE, PURPLE, Figure, Pen
from szilard.studies.ensemble.figures.marks import DATASET, draw, drawn, has_curve, named, plot_of, span_of, step_heads
from szilard.studies.ensemble.reading import EnsembleReading

QUANTITIES = (
    ("info_dataset", "reported", "reported", DATASET),
    ("info_dataset_contrast", "matched-size contrast", "contrast", Pen(BLUE)),
)
FLOOR = 1e-4
"""A p-value of 0 is drawn here."""


def figure(reading: EnsembleReading) -> Figure | None:
    """None without the contrast."""
    if not has_curve(reading, "info_dataset_contrast"):
        return None
    curves = named(reading, QUANTITIES)
    plot = plot_of(reading, right=84)
    draw(plot.panel("memorised (nat)", span=span_of(*(each.curve for each in curves))), curves)
    said = ""
    if has_curve(reading, "info_dataset_permutation_p"):
        p = np.maximum(reading.column("info_dataset_permutation_p"), FLOOR)
        panel = plot.panel("p-value", log=True, every=1, span=(min(float(np.nanmin(p)) / 10**0.3, 0.01), 10**0.15))
        panel.line(drawn(reading, p), "p", Pen(PURPLE), symbol="circle")
        panel.rule(0.05, "0.05")
        said = " Below: p of a permutation test, seeds shuffled across datasets; low where datasets do differ."
    step_heads(reading, plot.panels[:1])
    return plot.figure(
        "effect",
        "Does the sample matter at all?",
        "What was memorised, as reported and by the matched-size contrast: m members of m datasets against m of "
        f"one, exactly 0 in expectation where datasets make no difference.{said} Bands: 95 %.",
    )
