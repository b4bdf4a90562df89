"""Samples of the model as points in the plane, record by record."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.page.axes import Axis
from szilard.page.plot import Place, Plot
from szilard.page.style import BLUE, Figure
from szilard.studies.sampled.gallery import Gallery
from szilard.studies.sampled.reading import SampledReading

PANELS, ACROSS, ACROSS_NARROW = 8, 4, 2
REACH = 1.15
FRAME: dict[str, Any] = {"zero_line": False, "ticked": False, "framed": True, "most": 5}


def figure(reading: SampledReading, gallery: Gallery) -> Figure:
    """A panel for each record, all on one scale: that of the last ones."""
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
