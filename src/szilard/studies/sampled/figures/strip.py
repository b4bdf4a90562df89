"""Pictures of the model along the training: a sheet with a line for each record."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.numbers import number
from szilard.page.axes import axis, layout
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
    return Figure(
        key="samples",
        title="What the model makes",
        caption=(
            f"{samples} samples at some records, {own}; nothing was picked. Grey values: {scale}, what lies "
            "beyond is cut."
        ),
        data=[
            {
                "type": "heatmap", "z": grey, "zmin": 0, "zmax": 100, "showscale": False, "hoverinfo": "skip",
                "colorscale": [[0, "#FFFFFF"], [1, "#101010"]], "zsmooth": False,
            }
        ],
        layout=_layout(gallery, rows, sheet.shape, samples),
        along_steps=False,
        wide=True,
        tall=_tall(sheet.shape[0] / sheet.shape[1], 1080),
        narrow=_layout(gallery, rows, (sheet.shape[0], fewer * (width + gap) - gap), fewer),
        narrow_tall=_tall(sheet.shape[0] / (fewer * (width + gap) - gap), 330),
    )  # fmt: skip


def _layout(gallery: Gallery, rows: list[int], shape: tuple[int, ...], samples: int) -> dict[str, Any]:
    """Of the first samples of the sheet, as many as are asked for: narrow screens show fewer."""
    bare = {"showgrid": False, "zeroline": False, "ticks": "", "constrain": "domain"}
    line = (shape[0] + 1) / len(rows)
    ticks = [line * place + line / 2 - 1 for place in range(len(rows))]
    names = [f"{gallery.steps[row]:,}" for row in rows]
    return layout(
        axis("training step", range=[shape[0] - 0.5, -0.5], tickvals=ticks, ticktext=names, scaleanchor="x", **bare),
        x=axis(f"{samples} samples", range=[-0.5, shape[1] - 0.5], showticklabels=False, **bare),
        right=8,
        plot_bgcolor="#C9D6E2",
        hovermode=False,
    )


def _tall(ratio: float, width: int) -> int:
    return int(np.clip(70 + width * ratio, 240, 760))


def _scale(gallery: Gallery) -> tuple[float, float]:
    """The grey scale: from 0 to 1 where pixels are so, else between the outer hundredths of the last record."""
    last = gallery.samples[-1][np.isfinite(gallery.samples[-1])]
    if not len(last):
        return 0.0, 1.0
    low, high = (float(each) for each in np.quantile(last, [0.01, 0.99]))
    if last.min() >= 0 and last.max() <= 1:
        return 0.0, 1.0
    return (low, high) if high > low else (low, low + 1.0)
