"""Pictures of the model along the training: a sheet with a line for each record."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.numbers import number
from szilard.page.axes import Axis
from szilard.page.plot import Plot
from szilard.page.style import Figure
from szilard.studies.sampled.gallery import Gallery
from szilard.studies.sampled.reading import SampledReading

RECORDS, SAMPLES, NARROW = 9, 16, 8
PIXELS = 260_000
"""Of the whole sheet: a page that is larger is slow."""


def figure(reading: SampledReading, gallery: Gallery) -> Figure:
    """Grey values on one scale for all records: that of the last one, its extremes left out."""
    height, width = gallery.picture(0, 0).shape
    samples = min(SAMPLES, gallery.samples.shape[1], max(4, PIXELS // (RECORDS * height * width)))
    rows = gallery.rows(RECORDS)
    gap = max(1, round(0.12 * height))
    sheet = np.full((len(rows) * (height + gap) - gap, samples * (width + gap) - gap), np.nan)
    for line, row in enumerate(rows):
        for place in range(samples):
            top, left = line * (height + gap), place * (width + gap)
            sheet[top : top + height, left : left + width] = gallery.picture(row, place)
    low, high = _scale(gallery)
    grey = np.where(np.isfinite(sheet), np.clip((sheet - low) / (high - low), 0, 1) * 100, np.nan).round()
    fewer = min(samples, NARROW)
    scale = f"{number(low, 3)} (white) to {number(high, 3)} (black)"
    own = "the chains of the gallery, relaxed at every record" if reading.capability == "energetic" else (
        "drawn from the same random numbers at every record, so that what changes is the model"
    )  # fmt: skip
    shapes = [(sheet.shape[0], count * (width + gap) - gap) for count in (samples, fewer)]
    wide, narrow = (_plot(gallery, rows, shape, count) for shape, count in zip(shapes, (samples, fewer), strict=True))
    wide.panels[0].picture(grey)
    return wide.figure(
        "samples",
        "What the model makes",
        f"{samples} samples at some records, {own}; nothing was picked. Grey values: {scale}, what lies beyond is cut.",
        wide=True,
        tall=_tall(shapes[0], 1080),
        narrow=narrow.layout(),
        narrow_tall=_tall(shapes[1], 330),
    )


def _plot(gallery: Gallery, rows: list[int], shape: tuple[int, int], samples: int) -> Plot:
    """Axes around the first samples of the sheet, as many as are asked for: narrow screens show fewer."""
    line = (shape[0] + 1) / len(rows)
    ticks = [line * place + line / 2 - 1 for place in range(len(rows))]
    bare: dict[str, Any] = {"grid": False, "zero_line": False, "ticked": False, "shrinks": True}
    plot = Plot(
        Axis(f"{samples} samples", span=(-0.5, shape[1] - 0.5), labelled=False, **bare), right=8, silent=True,
        ground="#C9D6E2",
    )  # fmt: skip
    steps = [f"{gallery.steps[row]:,}" for row in rows]
    plot.panel("training step", span=(shape[0] - 0.5, -0.5), at=ticks, called=steps, one_scale=True, **bare)
    return plot


def _tall(shape: tuple[int, int], width: int) -> int:
    """Pixels of a sheet that is ``width`` pixels wide."""
    return int(np.clip(70 + width * shape[0] / shape[1], 240, 760))


def _scale(gallery: Gallery) -> tuple[float, float]:
    """The grey scale: from 0 to 1 where pixels are so, else between the outer hundredths of the last record."""
    last = gallery.samples[-1][np.isfinite(gallery.samples[-1])]
    if not len(last):
        return 0.0, 1.0
    low, high = (float(each) for each in np.quantile(last, [0.01, 0.99]))
    if last.min() >= 0 and last.max() <= 1:
        return 0.0, 1.0
    return (low, high) if high > low else (low, low + 1.0)
