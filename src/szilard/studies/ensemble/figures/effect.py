"""Whether the dataset matters at all: the contrast that is unbiased at zero, and the permutation test."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import axis, layout, rule
from szilard.page.drawing import line
from szilard.page.style import BLUE, PURPLE, Figure, Pen
from szilard.studies.ensemble.figures.marks import (
    DATASET,
    drawn,
    ends,
    has_curve,
    lines,
    named,
    span_of,
    step_heads,
    x_axis,
)
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
    span = span_of(*(each.curve for each in curves))
    data, notes = lines(curves), ends(curves, span)
    axes, shapes, spans = [axis("memorised (nat)", range=list(span))], [], [span]
    said = ""
    if has_curve(reading, "info_dataset_permutation_p"):
        p = np.maximum(reading.column("info_dataset_permutation_p"), FLOOR)
        data += line(drawn(reading, p), "p", Pen(PURPLE), panel=2, markers=True)
        bottom = float(np.log10(np.nanmin(p))) - 0.3
        axes.append(axis("p-value", type="log", range=[min(bottom, -2.0), 0.15], dtick=1))
        shape, note = rule(0.05, "0.05", panel=2, log=True)
        shapes.append(shape)
        notes.append(note)
        said = " Below: p of a permutation test, seeds shuffled across datasets; low where datasets do differ."
    return Figure(
        key="effect",
        title="Does the sample matter at all?",
        caption=(
            "What was memorised, as reported and by the matched-size contrast: m members of m datasets against m of "
            f"one, exactly 0 in expectation where datasets make no difference.{said} Bands: 95 %."
        ),
        data=[*data, *step_heads(reading, *spans)],
        layout=layout(*axes, x=x_axis(reading), right=84, shapes=shapes, annotations=notes),
        panels=len(axes),
    )
