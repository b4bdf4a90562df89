"""The paper's Figure 1, from data: the learning's way through the space of models, and the target p*."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from szilard.estimate import Estimate, Kind
from szilard.ledger.embedding import ModelMap, TargetPlace
from szilard.page.axes import axis, spread
from szilard.page.safe import escape
from szilard.page.style import BLACK, VERMILLION, Figure
from szilard.studies.sampled.figures.marks import beside, head, level, on_panel, shades, square
from szilard.studies.sampled.model_space import Space
from szilard.studies.sampled.reading import SampledReading
from szilard.verdicts.bounds import LEVEL

NAMED = 5
"""Models whose step is written on the map."""
ASPECT = 1.4
"""Of the map's panel on a wide screen."""
GREY = "#9AA3AE"


def figure(reading: SampledReading) -> Figure | None:
    """None with fewer than three models kept."""
    space = reading.space
    if space is None or space.map is None:
        return None
    data, shapes, notes = _map(space, space.map)
    panels = [_axes(space, space.map)]
    if space.cross_entropy is not None:
        more, shape, note, pair = _distance(space)
        data, shapes, notes = data + more, shapes + shape, notes + note
        panels.append(pair)
    layouts = beside(panels, (1.25, 1.0), shapes=shapes, annotations=notes)
    layouts[0]["margin"] = {"l": 64, "r": 16, "t": 14, "b": 48}
    return Figure(
        key="space",
        title="The way through the space of models (paper Figure 1, from data)",
        caption=_caption(space, space.map),
        data=data,
        layout=layouts[0],
        along_steps=False,
        wide=True,
        tall=470,
        narrow=layouts[1],
        narrow_tall=380 * len(panels),
    )


def _axes(space: Space, found: ModelMap) -> tuple[dict[str, Any], dict[str, Any]]:
    places = [found.points]
    if space.target is not None:
        out = 0.0 if math.isnan(space.target.height) else space.target.height
        places += [space.target.foot + np.array(corner) * out for corner in ((-1, -1), (1, 1))]
        # room for the star's name
        reach = np.ptp(np.vstack(places), axis=0).max()
        places += [space.target.foot + np.array((0, sign * 0.2)) * reach for sign in (-1, 1)]
    first = f"first direction (nat^½ per √{space.unit})"
    return square(first, "second direction (same scale)", np.vstack(places), aspect=ASPECT)


def _map(space: Space, found: ModelMap) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    x, y = found.points.T
    colours = shades(len(x))
    named = set(np.linspace(0, len(x) - 1, min(NAMED, len(x))).round().astype(int).tolist())
    labels = [f" {'step ' if place in (0, len(x) - 1) else ''}{step:,} " if place in named else ""
              for place, step in enumerate(space.steps.tolist())]  # fmt: skip
    way = {
        "type": "scatter", "mode": "lines+markers+text", "x": x, "y": y, "text": labels, "name": "models",
        "textposition": _positions(found.points, space.target), "textfont": {"size": 12},
        "line": {"color": GREY, "width": 2}, "hovertemplate": "step %{customdata:,}",
        "customdata": space.steps, "showlegend": False, "cliponaxis": False,
        "marker": {"color": colours, "size": 12, "line": {"color": "white", "width": 1}},
    }  # fmt: skip
    data, shapes, notes = [on_panel(way, 1)], [], [head("map by statistical distance", 1)]
    if space.target is not None:
        star, ring, said = _star(space, space.target)
        data.append(on_panel(star, 1))
        shapes += ring
        notes += said
    return data, shapes, notes


def _positions(points: np.ndarray, target: TargetPlace | None) -> list[str]:
    """Names on the side that the way leaves free: away from the middle of the map, the last one ahead of the way."""
    away = points - points.mean(0)
    away[-1] = (1, points[-1, 1] - points[-2, 1])
    if target is not None:
        away[-1, 1] = points[-1, 1] - target.foot[1]
    return [f"{'top' if y >= 0 else 'bottom'} {'right' if x >= 0 else 'left'}" for x, y in away]


def _star(space: Space, target: TargetPlace) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    x, y = target.foot.tolist()
    star = {
        "type": "scatter", "mode": "markers", "x": [x], "y": [y], "name": "p*", "showlegend": False,
        "marker": {"symbol": "star", "size": 20, "color": VERMILLION, "line": {"color": "white", "width": 1.2}},
        "hovertemplate": "p*: (%{x:.3g}, %{y:.3g})",
    }  # fmt: skip
    ring, said = [], "<b>p*</b>, seen in this plane"
    if (out := target.height) > 0:
        ring = [{"type": "circle", "xref": "x", "yref": "y", "x0": x - out, "x1": x + out, "y0": y - out, "y1": y + out,
                 "line": {"color": VERMILLION, "width": 1.4, "dash": "dot"}}]  # fmt: skip
        said = f"<b>p*</b> lies {out:.2g} nat<sup>½</sup> out of this plane"
    below = 1 if space.map is not None and y <= space.map.points[-1, 1] else -1
    note = {"text": said, "x": x, "y": y, "xref": "x", "yref": "y", "showarrow": True, "arrowhead": 0, "arrowwidth": 1,
            "arrowcolor": VERMILLION, "ax": 0, "ay": 48 * below, "standoff": 9,
            "xanchor": "right" if ring else "center",
            "font": {"color": VERMILLION, "size": 13}, "bgcolor": "rgba(255,255,255,0.8)"}  # fmt: skip
    return star, ring, [note]


def _distance(
    space: Space,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]], tuple[dict[str, Any], dict[str, Any]]]:
    """Cross-entropy of held-out data under each model, above H(p*) where that is known."""
    assert space.cross_entropy is not None
    values, errors = space.cross_entropy
    half = Estimate(0.0, errors, Kind.UNBIASED).interval(LEVEL)[1]
    place = np.arange(len(values))
    curve = {
        "type": "scatter", "mode": "lines+markers", "x": place, "y": values, "name": "cross-entropy",
        "line": {"color": GREY, "width": 2}, "customdata": half,
        "hovertemplate": "%{y:.4g} ± %{customdata:.2g} nat",
        "marker": {"color": shades(len(values)), "size": 11, "line": {"color": "white", "width": 1}},
        "error_y": {"type": "data", "array": half, "color": BLACK, "thickness": 1.2, "width": 4}, "showlegend": False,
    }  # fmt: skip
    shapes, notes = [], [head("held-out data under the same models", 2)]
    low, high = spread(values - half, values + half)
    if math.isfinite(space.entropy):
        shape, note = level(space.entropy, f"H(p*) = {space.entropy:.4g} nat: the least possible", 2)
        shapes.append(shape)
        notes.append(note)
        low = min(low, space.entropy - 0.1 * (high - low))
        best = int(values.argmin())
        left = values[best] - space.entropy
        shapes.append({"type": "line", "xref": "x2", "yref": "y2", "x0": best, "x1": best, "y0": space.entropy,
                       "y1": values[best], "line": {"color": VERMILLION, "width": 2}})  # fmt: skip
        notes.append({"text": escape(f"KL(p*‖p) = {left:.2g} nat "), "xref": "x2", "yref": "y2", "x": best,
                      "y": 0.5 * (values[best] + space.entropy), "xanchor": "right", "showarrow": False, "xshift": -4,
                      "font": {"color": VERMILLION, "size": 12}, "bgcolor": "rgba(255,255,255,0.75)"})  # fmt: skip
    shown = np.unique(np.linspace(0, len(values) - 1, min(6, len(values))).round().astype(int))
    x = axis("training step of the models kept", tickvals=shown.tolist(), range=[-0.5, len(values) - 0.5],
             ticktext=[f"{space.steps[each]:,}" for each in shown])  # fmt: skip
    y = axis(f"cross-entropy (nat per {space.unit})", range=[low, high + 0.12 * (high - low)])
    return [on_panel(curve, 2)], shapes, notes, (x, y)


def _caption(space: Space, found: ModelMap) -> str:
    said = (
        f"{len(space.steps)} models kept along the training, each sampled and evaluated under all the others. On the "
        "map the squared distance of two models is, as nearly as a plane allows, their Jeffreys divergence KL + KL, "
        "rare samples cut "
        f"(these two directions carry {found.explained:.0%} of it; distances are off by {found.stress:.0%}). "
    )
    if space.factor:
        said += f"Numbers are per {space.unit}{space.factor}. "
    if space.target is None:
        return said + "Without held-out data the target p* has no place here."
    said += "The star is the target p*, placed by the cross-entropy of held-out data under each model"
    if math.isfinite(space.target.height) and space.target.height > 0:
        return said + (
            "; the dotted ring shows, on the same scale, how far out of this plane it lies: what no model in it can "
            "learn."
        )
    return said + "; how far it lies out of this plane is not known, for H(p*) is not."
