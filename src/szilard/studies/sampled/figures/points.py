"""Samples of the model as points in the plane, record by record."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.page.axes import axis, layout
from szilard.page.safe import escape
from szilard.page.style import BLUE, GRID, INK, Figure
from szilard.studies.sampled.gallery import Gallery
from szilard.studies.sampled.reading import SampledReading

PANELS, ACROSS, ACROSS_NARROW = 8, 4, 2
REACH = 1.15


def figure(reading: SampledReading, gallery: Gallery) -> Figure:
    """A panel for each record, all on one scale: that of the last ones."""
    rows = gallery.rows(PANELS)
    plane, names = _plane(gallery)
    points = {row: _projected(gallery.samples[row], plane) for row in rows}
    late = points[rows[-1]]
    middle = np.nanmean(late, axis=0)
    half = REACH * float(np.nanmax(np.abs(late - middle))) or 1.0
    data: list[dict[str, Any]] = []
    for place, row in enumerate(rows):
        suffix = "" if place == 0 else str(place + 1)
        data.append(
            {
                "type": "scatter", "mode": "markers", "x": points[row][:, 0], "y": points[row][:, 1],
                "xaxis": f"x{suffix}", "yaxis": f"y{suffix}", "name": f"step {gallery.steps[row]:,}",
                "marker": {"color": BLUE, "size": 4, "opacity": 0.6}, "showlegend": False,
                "hovertemplate": "(%{x:.3g}, %{y:.3g})",
            }
        )  # fmt: skip
    outside = int(sum((np.abs(points[row] - middle) > half).any(1).sum() for row in rows))
    left_out = f" {outside} points lie outside of the frames." if outside else ""
    said = "x" if plane is None else f"the two directions in which the last {len(late)} samples spread most"
    arrange = [_arranged(gallery, rows, middle, half, names, across) for across in (ACROSS, ACROSS_NARROW)]
    return Figure(
        key="samples",
        title="What the model makes",
        caption=f"{len(late)} samples at some records, as points in {said}; one scale for all.{left_out}",
        data=data,
        layout=arrange[0],
        along_steps=False,
        wide=True,
        tall=70 + 262 * -(-len(rows) // ACROSS),
        narrow=arrange[1],
        narrow_tall=70 + 185 * -(-len(rows) // ACROSS_NARROW),
    )


def _arranged(
    gallery: Gallery, rows: list[int], middle: np.ndarray, half: float, names: tuple[str, str], across: int
) -> dict[str, Any]:
    down = -(-len(rows) // across)
    wide, high = 1 / across, 1 / down
    frame = layout(axis(""), x=axis(""), right=10, hovermode="closest")
    del frame["xaxis"], frame["yaxis"]
    frame["annotations"] = []
    for place, row in enumerate(rows):
        suffix = "" if place == 0 else str(place + 1)
        column, line = place % across, place // across
        x0, y1 = column * wide, 1 - line * high
        shared = {"gridcolor": GRID, "zeroline": False, "linecolor": INK, "mirror": True, "showline": True, "nticks": 5,
                  "automargin": True}  # fmt: skip
        last_line, first_column = line == down - 1 or place + across >= len(rows), column == 0
        frame[f"xaxis{suffix}"] = {
            **shared, "domain": [x0, x0 + 0.9 * wide], "anchor": f"y{suffix}", "showticklabels": last_line,
            "range": [middle[0] - half, middle[0] + half],
            "title": {"text": escape(names[0]) if last_line else "", "standoff": 4, "font": {"size": 12}},
        }  # fmt: skip
        frame[f"yaxis{suffix}"] = {
            **shared, "domain": [y1 - 0.84 * high, y1 - 0.04 * high], "anchor": f"x{suffix}",
            "showticklabels": first_column, "range": [middle[1] - half, middle[1] + half],
            "title": {"text": escape(names[1]) if first_column else "", "standoff": 4, "font": {"size": 12}},
        }  # fmt: skip
        frame["annotations"].append(
            {"text": f"<b>step {gallery.steps[row]:,}</b>", "xref": f"x{suffix} domain", "yref": f"y{suffix} domain",
             "x": 0.04, "y": 0.97, "xanchor": "left", "yanchor": "top", "showarrow": False, "font": {"size": 12},
             "bgcolor": "rgba(255,255,255,0.75)"}
        )  # fmt: skip
    return frame


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
