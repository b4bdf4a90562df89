"""What the model makes: its samples along the training, as text to read, as pictures, or as points."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.numbers import number
from szilard.page.axes import Axis
from szilard.page.plot import Place, Plot
from szilard.page.safe import escape
from szilard.page.style import BLUE, Figure
from szilard.studies.sampled.gallery import Gallery
from szilard.studies.sampled.reading import SampledReading

RECORDS = 9
"""Lines of text to read, or of a sheet of pictures."""
LENGTH = 240
"""Characters shown of each but the last, which is shown whole."""
SAMPLES, NARROW = 16, 8
"""Pictures in a line of the sheet, on wide and on narrow screens."""
PIXELS = 260_000
"""Of the whole sheet: a page that is larger is slow."""
PANELS, ACROSS, ACROSS_NARROW = 8, 4, 2
"""Of points: records shown, and how many of them stand side by side."""
REACH = 1.15
FRAME: dict[str, Any] = {"zero_line": False, "ticked": False, "framed": True, "most": 5}


def samples(reading: SampledReading) -> Figure | None:
    """The samples along the training, in the form that the model makes them; None without a gallery."""
    gallery = reading.gallery
    if gallery is None:
        return None
    if gallery.form == "image":
        return _pictures(reading, gallery)
    if gallery.form == "points":
        return _points(reading, gallery)
    return _written(gallery)


def _written(gallery: Gallery) -> Figure:
    """One sample at some records, the last one whole; further ones of the last record folded away."""
    rows = gallery.rows(RECORDS)
    body = "".join(_line(f"step {gallery.steps[row]:,}", _shown(gallery, row, row == rows[-1])) for row in rows)
    last = rows[-1]
    more = "".join(
        _line(f"sample {number + 1}", gallery.text(last, number)) for number in range(1, gallery.samples.shape[1])
    )
    folded = (
        f"<details><summary>{gallery.samples.shape[1] - 1} more samples of the last record</summary>"
        f'<table class="reading"><tbody>{more}</tbody></table></details>'
        if more
        else ""
    )
    what = "Tokens" if gallery.form == "tokens" else "Text"
    return Figure(
        key="samples",
        title="What the model writes",
        caption=(
            f"{what} drawn from the model at some of its records, at temperature 1, from the same random numbers each "
            "time; nothing was picked. Line breaks are the model's; what is longer than was kept is cut off."
        ),
        data=[],
        layout={},
        along_steps=False,
        wide=True,
        html=f'<table class="reading"><tbody>{body}</tbody></table>{folded}',
    )


def _shown(gallery: Gallery, row: int, whole: bool) -> str:
    said = gallery.text(row, 0)
    return said if whole or len(said) <= LENGTH else said[:LENGTH] + "…"


def _line(head: str, said: str) -> str:
    return f'<tr><th scope="row">{escape(head)}</th><td>{_lines(said)}</td></tr>'


def _lines(said: str) -> str:
    """Line breaks kept; whatever else no page should show becomes a space."""
    return "\n".join(escape(each) for each in said.splitlines()) or "<em>(nothing)</em>"


def _pictures(reading: SampledReading, gallery: Gallery) -> Figure:
    """Pictures of the model along the training: a sheet with a line for each record.

    Grey values on one scale for all records: that of the last one, its extremes left out.
    """
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


def _points(reading: SampledReading, gallery: Gallery) -> Figure:
    """Samples of the model as points in the plane, record by record.

    A panel for each record, all on one scale: that of the last ones.
    """
    rows = gallery.rows(PANELS)
    plane, names = _plane(gallery)
    points = {row: _projected(gallery.samples[row], plane) for row in rows}
    late = points[rows[-1]]
    middle = np.nanmean(late, axis=0)
    half = REACH * float(np.nanmax(np.abs(late - middle))) or 1.0
    outside = int(sum((np.abs(points[row] - middle) > half).any(1).sum() for row in rows))
    left_out = f" {outside} points lie outside of the frames." if outside else ""
    said = "x" if plane is None else f"the two directions in which the last {len(late)} samples spread most"
    plots = [Plot(right=10, closest=True, places=_places(len(rows), across)) for across in (ACROSS, ACROSS_NARROW)]
    for plot, across in zip(plots, (ACROSS, ACROSS_NARROW), strict=True):
        for place, row in enumerate(rows):
            first, last = place % across == 0, place + across >= len(rows)
            x, y = (
                Axis(name if shown else "", span=(centre - half, centre + half), labelled=shown, **FRAME)
                for name, centre, shown in zip(names, middle.tolist(), (last, first), strict=True)
            )
            panel = plot.panel(y, x)
            panel.cloud(points[row][:, 0], points[row][:, 1], f"step {gallery.steps[row]:,}", BLUE)
            panel.heading(f"step {gallery.steps[row]:,}")
    return plots[0].figure(
        "samples",
        "What the model makes",
        f"{len(late)} samples at some records, as points in {said}; one scale for all.{left_out}",
        wide=True,
        tall=70 + 262 * -(-len(rows) // ACROSS),
        narrow=plots[1].layout(),
        narrow_tall=70 + 185 * -(-len(rows) // ACROSS_NARROW),
    )


def _places(count: int, across: int) -> list[Place]:
    """Places of so many panels, ``across`` of them side by side, with room for their axes."""
    wide, high = 1 / across, 1 / -(-count // across)
    corners = [(place % across * wide, 1 - place // across * high) for place in range(count)]
    return [((x, x + 0.9 * wide), (y - 0.84 * high, y - 0.04 * high)) for x, y in corners]


def _plane(gallery: Gallery) -> tuple[np.ndarray | None, tuple[str, str]]:
    """Two directions where there are more than two coordinates: the principal ones of the last record."""
    last = gallery.samples[-1]
    if last.shape[1] <= 2 or not np.isfinite(last).all():
        return None, ("x₁", "x₂")
    _, _, directions = np.linalg.svd(last - last.mean(0), full_matrices=False)
    return directions[:2].T, ("first principal direction", "second")


def _projected(samples: np.ndarray, plane: np.ndarray | None) -> np.ndarray:
    if plane is not None:
        return samples @ plane
    if samples.shape[1] == 1:
        # one coordinate: spread over the height by rank of draw, so that density shows
        return np.column_stack([samples[:, 0], np.linspace(-1, 1, len(samples)) * np.nanstd(samples)])
    return samples[:, :2]
