"""The four panels of the paper's Figure 3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from szilard.page.axes import STEP_TITLE, axis, layout, spread
from szilard.page.curve import Curve
from szilard.page.drawing import between, label_ends, line, points, thin
from szilard.page.style import INK, Figure
from szilard.studies.fig3.figures.view import View

LEFT, RIGHT = (0.0, 0.405), (0.565, 0.97)
TOP, BOTTOM = (0.565, 0.955), (0.0, 0.39)
Place = tuple[tuple[float, float], tuple[float, float]]
"""The domains of a panel's two axes."""
SQUARE: Sequence[Place] = ((LEFT, TOP), (RIGHT, TOP), (LEFT, BOTTOM), (RIGHT, BOTTOM))
COLUMN: Sequence[Place] = tuple(((0.0, 1.0), (top - 0.165, top)) for top in (0.97, 0.71, 0.45, 0.19))
"""On narrow screens."""
Panel = tuple[list[dict[str, Any]], dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]
"""Traces, y axis, notes and shapes."""
TRAININGS = 4
"""Whose paths are drawn at each batch size, as in the paper."""
GREY = "#4B5563"
MARKS = (("circle", "●"), ("square", "■"), ("diamond", "◆"), ("cross", "✚"), ("x", "✖"))
"""Of the batch sizes: Plotly's name of a mark, and the mark."""


def figure(view: View) -> Figure | None:
    """None where nothing can be drawn."""
    if not view.batches:
        return None
    drawn = [panel(view) for panel in (_paths, _accuracy, _variance, _correlation)]
    data: list[dict[str, Any]] = []
    for number, (traces, *_) in enumerate(drawn, start=1):
        key = "" if number == 1 else str(number)
        data += [{**trace, "xaxis": f"x{key}", "yaxis": f"y{key}"} for trace in traces]
    return Figure(
        key="fig3",
        title="The paper’s Figure 3",
        caption=_caption(view),
        data=data,
        layout=_layout(view, drawn, SQUARE),
        along_steps=False,
        panels=3,
        wide=True,
        narrow=_layout(view, drawn, COLUMN),
        narrow_panels=5,
    )


def _layout(view: View, drawn: Sequence[Panel], places: Sequence[Place]) -> dict[str, Any]:
    """Each panel at its place."""
    notes: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    axes: dict[str, dict[str, Any]] = {}
    for number, ((_, y, more, lines), (x_domain, y_domain)) in enumerate(zip(drawn, places, strict=True), start=1):
        key = "" if number == 1 else str(number)
        across = _lags(view) if number == 4 else axis(STEP_TITLE, rangemode="tozero", tickformat=",d", nticks=6)
        axes[f"xaxis{key}"] = {**across, "domain": list(x_domain), "anchor": f"y{key}"}
        axes[f"yaxis{key}"] = {**y, "domain": list(y_domain), "anchor": f"x{key}"}
        notes += [{**note, **_within(note, key, x_domain)} for note in more]
        shapes += [{**shape, "xref": f"x{key} domain", "yref": f"y{key}"} for shape in lines]
        notes.append(_heading(number, view, x_domain[0], y_domain[1]))
    base = layout(axis(""), hovermode="closest", right=64)
    base = {name: value for name, value in base.items() if not name.startswith(("xaxis", "yaxis"))}
    base["margin"] = {"l": 70, "r": 66, "t": 10, "b": 48}
    return {**base, **axes, "annotations": notes, "shapes": shapes}


def _within(note: dict[str, Any], key: str, x_domain: tuple[float, float]) -> dict[str, Any]:
    """A note of a panel, on the axes of that panel: names of curves stand right of it."""
    place = {"yref": f"y{key}" if note.get("yref") != "domain" else f"y{key} domain"}
    if note.get("xref") == "paper":
        return {**place, "x": x_domain[1]}
    return {**place, "xref": f"x{key} domain"}


def _heading(number: int, view: View, x: float, y: float) -> dict[str, Any]:
    start = view.start
    step = f"{view.evidence.starts[start]:,}" if start is not None else "–"
    text = {
        1: "<b>a</b>  Paths of one parameter of the last layer",
        2: "<b>b</b>  Accuracy: mean and spread over trainings",
        3: "<b>c</b>  Variance of the noise, mean over parameters",
        4: f"<b>d</b>  Its covariance in time, from step {step} on",
    }[number]
    return {"text": text, "xref": "paper", "x": x, "xanchor": "left", "yref": "paper", "y": y + 0.012,
            "yanchor": "bottom", "showarrow": False, "font": {"size": 14, "color": INK}}  # fmt: skip


def _paths(view: View) -> Panel:
    """The way of one parameter from where it started, in four trainings at each batch size."""
    steps = np.asarray(view.evidence.paths["step"].values, dtype=float)
    traces, notes, seen = [], [], []
    for place, batch in enumerate(view.batches):
        drift = view.evidence.drift(batch)[:, :TRAININGS, 0]
        pen = view.pen(batch)
        seen.append(drift)
        crowd = thin([Curve(steps, path) for path in drift.T], pen)
        traces.append({**crowd, "line": {"color": pen.colour, "width": 1.1}, "opacity": 0.85})
        notes.append(_key(view.label(batch), pen.colour, 0.02 + 0.19 * place, "left", 1.0))
    low, high = spread(*seen)
    return traces, axis("θ(t) − θ(0)", range=[low, high + 0.12 * (high - low)]), notes, []


def _accuracy(view: View) -> Panel:
    """Mean over trainings; the shade is their standard deviation, as in the paper."""
    steps = view.evidence.steps.astype(float)
    traces, ends = [], []
    for batch in view.batches:
        mean, deviation = view.evidence.mean("accuracy", batch).value, view.evidence.spread("accuracy", batch)
        pen, deviation = view.pen(batch), np.nan_to_num(deviation)
        traces += between(steps, mean - deviation, mean + deviation, pen, share=0.25)
        traces += line(Curve(steps, mean), view.label(batch), pen)
        ends.append((view.label(batch), float(mean[-1]), pen.colour))
    return traces, axis("accuracy", range=[0, 1.0]), label_ends(ends, (0.0, 1.0)), []


def _variance(view: View) -> Panel:
    """Mean over trainings with its 95 % interval; the largest force as the paper draws it, and its square."""
    steps = view.evidence.steps.astype(float)
    traces, ends, seen = [], [], []
    for batch in view.batches:
        noise = view.evidence.mean("noise_variance", batch)
        mean, pen = noise.value[:, 0], view.pen(batch)
        half = np.nan_to_num(view.width[batch] * noise.error[:, 0])
        traces += between(steps, np.maximum(mean - half, 0.2 * mean), mean + half, pen, share=0.25)
        traces += line(Curve(steps, mean), view.label(batch), pen, unit="nat²")
        ends.append((view.label(batch), float(np.log10(mean[-1])), pen.colour))
        seen.append(mean)
    force = _largest_force(view)
    rules = [(force, "max |∇U_B|, nat"), (force**2, "its square, nat²")] if np.isfinite(force) else []
    shapes = [
        {"type": "line", "x0": 0, "x1": 1, "y0": height, "y1": height,
         "line": {"color": GREY, "width": 1.4, "dash": dash}}
        for (height, _), dash in zip(rules, ("dash", "dot"), strict=False)
    ]  # fmt: skip
    notes = [
        {"text": text, "xref": "domain", "x": 0.99, "xanchor": "right", "y": float(np.log10(height)),
         "yanchor": "bottom", "showarrow": False, "font": {"size": 12, "color": GREY}}
        for height, text in rules
    ]  # fmt: skip
    heights = np.log10(np.concatenate([*seen, np.array([height for height, _ in rules])]))
    span = (float(heights.min()) - 0.25, float(heights.max()) + 0.45)
    y = axis("tr C/(|b| dim θ)  (nat²)", type="log", range=list(span), dtick=1)
    return traces, y, [*label_ends(ends, span), *notes], shapes


def _largest_force(view: View) -> float:
    """The greatest component of the force that was seen at any time, in any training."""
    values = [view.evidence.of_watched("max_force", batch)[..., 0] for batch in view.batches]
    found = np.concatenate([each.ravel() for each in values])
    return float(np.nanmax(found)) if np.isfinite(found).any() else float("nan")


def _correlation(view: View) -> Panel:
    """C(t, h) by lag, mean over trainings with 95 % intervals."""
    start, near = view.start, view.near_lags()
    if start is None:
        return [], axis("C(t, h)  (nat²)"), [], []
    traces, notes, top = [], [], 0.0
    lags = view.evidence.lags[near].astype(float)
    for place, batch in enumerate(view.batches):
        values = view.evidence.covariance(batch)[start][:, 0, near]
        if not len(values):
            continue
        mean = values.mean(0)
        half = view.width[batch] * values.std(0, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0 * mean
        symbol, sign = MARKS[place % len(MARKS)]
        traces.append(points(lags, mean, half, view.label(batch), view.pen(batch), symbol, hover="%{y:.3g} nat²"))
        notes.append(_key(f"{sign} {view.label(batch)}", view.pen(batch).colour, 0.98, "right", 1.0 - 0.11 * place))
        top = max(top, float((mean + np.nan_to_num(half)).max()))
    return traces, axis("C(t, h)  (nat²)", range=[-0.08 * top, 1.12 * top], nticks=6), notes, []


def _key(text: str, colour: str, x: float, anchor: str, y: float) -> dict[str, Any]:
    """A name within a panel, where curves cannot be named at their ends."""
    return {"text": text, "xref": "domain", "x": x, "xanchor": anchor, "yref": "domain", "y": y, "yanchor": "top",
            "showarrow": False, "font": {"size": 13, "color": colour}}  # fmt: skip


def _lags(view: View) -> dict[str, Any]:
    last = float(view.evidence.lags[view.near_lags()[-1]]) if len(view.near_lags()) else 1.0
    return axis("lag h (training steps)", range=[-0.04 * max(last, 1), 1.04 * max(last, 1)], dtick=max(1, last // 5))


def _caption(view: View) -> str:
    evidence = view.evidence
    trials = ", ".join(f"{evidence.trials(batch)} at {view.label(batch)}" for batch in view.batches)
    drawn = min(TRAININGS, max(evidence.trials(batch) for batch in view.batches))
    return (
        f"Trainings: {trials}. (a) One parameter of the last layer, chosen at random: its way from where it started in "
        f"{drawn} trainings at each batch size. (b) Shade: standard deviation over trainings. (c) Shade: 95 % interval "
        "of the mean. The paper draws max |∇U_B| beside these variances; a force is to be compared with the root of a "
        "variance, or its square with the variance. (d) Bars: 95 % intervals over trainings."
    )
