"""The four panels of the paper's Figure 3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from szilard.page.axes import STEP_TITLE, axis, layout, spread
from szilard.page.curve import Curve
from szilard.page.drawing import between, label_ends, line, points, thin
from szilard.page.style import INK, Figure
from szilard.studies.fig3.figures.marks import pen_of
from szilard.studies.fig3.reading import Fig3Reading

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
STEP = 1000
"""At which the paper shows the autocorrelation."""
GREY = "#4B5563"
MARKS = (("circle", "●"), ("square", "■"), ("diamond", "◆"), ("cross", "✚"), ("x", "✖"))
"""Of the batch sizes: Plotly's name of a mark, and the mark."""


def figure(reading: Fig3Reading) -> Figure | None:
    """None where nothing can be drawn."""
    if not reading.shown:
        return None
    drawn = [panel(reading) for panel in (_paths, _accuracy, _variance, _correlation)]
    data: list[dict[str, Any]] = []
    for number, (traces, *_) in enumerate(drawn, start=1):
        key = "" if number == 1 else str(number)
        data += [{**trace, "xaxis": f"x{key}", "yaxis": f"y{key}"} for trace in traces]
    return Figure(
        key="fig3",
        title="The paper’s Figure 3",
        caption=_caption(reading),
        data=data,
        layout=_layout(reading, drawn, SQUARE),
        along_steps=False,
        panels=3,
        wide=True,
        narrow=_layout(reading, drawn, COLUMN),
        narrow_panels=5,
    )


def _layout(reading: Fig3Reading, drawn: Sequence[Panel], places: Sequence[Place]) -> dict[str, Any]:
    """Each panel at its place."""
    notes: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    axes: dict[str, dict[str, Any]] = {}
    for number, ((_, y, more, lines), (x_domain, y_domain)) in enumerate(zip(drawn, places, strict=True), start=1):
        key = "" if number == 1 else str(number)
        across = _lags(reading) if number == 4 else axis(STEP_TITLE, rangemode="tozero", tickformat=",d", nticks=6)
        axes[f"xaxis{key}"] = {**across, "domain": list(x_domain), "anchor": f"y{key}"}
        axes[f"yaxis{key}"] = {**y, "domain": list(y_domain), "anchor": f"x{key}"}
        notes += [{**note, **_within(note, key, x_domain)} for note in more]
        shapes += [{**shape, "xref": f"x{key} domain", "yref": f"y{key}"} for shape in lines]
        notes.append(_heading(number, reading, x_domain[0], y_domain[1]))
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


def _heading(number: int, reading: Fig3Reading, x: float, y: float) -> dict[str, Any]:
    start = _start(reading)
    step = f"{reading.starts[start]:,}" if start is not None else "–"
    text = {
        1: "<b>a</b>  Paths of one parameter of the last layer",
        2: "<b>b</b>  Accuracy: mean and spread over trainings",
        3: "<b>c</b>  Variance of the noise, mean over parameters",
        4: f"<b>d</b>  Its covariance in time, from step {step} on",
    }[number]
    return {"text": text, "xref": "paper", "x": x, "xanchor": "left", "yref": "paper", "y": y + 0.012,
            "yanchor": "bottom", "showarrow": False, "font": {"size": 14, "color": INK}}  # fmt: skip


def _paths(reading: Fig3Reading) -> Panel:
    """The way of one parameter from where it started, in four trainings at each batch size."""
    steps = np.asarray(reading.paths["step"].values, dtype=float)
    traces, notes, seen = [], [], []
    for place, batch in enumerate(reading.shown):
        drift = reading.drift(batch)[:, :TRAININGS, 0]
        pen = pen_of(batch)
        seen.append(drift)
        crowd = thin([Curve(steps, path) for path in drift.T], pen)
        traces.append({**crowd, "line": {"color": pen.colour, "width": 1.1}, "opacity": 0.85})
        notes.append(_key(reading.label(batch), pen.colour, 0.02 + 0.19 * place, "left", 1.0))
    low, high = spread(*seen)
    return traces, axis("θ(t) − θ(0)", range=[low, high + 0.12 * (high - low)]), notes, []


def _accuracy(reading: Fig3Reading) -> Panel:
    """Mean over trainings; the shade is their standard deviation, as in the paper."""
    steps = reading.steps.astype(float)
    traces, ends = [], []
    for batch in reading.shown:
        mean, deviation = reading.mean("accuracy", batch).value, reading.spread("accuracy", batch)
        pen, deviation = pen_of(batch), np.nan_to_num(deviation)
        traces += between(steps, mean - deviation, mean + deviation, pen, share=0.25)
        traces += line(Curve(steps, mean), reading.label(batch), pen)
        ends.append((reading.label(batch), float(mean[-1]), pen.colour))
    return traces, axis("accuracy", range=[0, 1.0]), label_ends(ends, (0.0, 1.0)), []


def _variance(reading: Fig3Reading) -> Panel:
    """Mean over trainings with its 95 % interval; the largest force as the paper draws it, and its square."""
    steps = reading.steps.astype(float)
    traces, ends, seen = [], [], []
    for batch in reading.shown:
        noise = reading.mean("noise_variance", batch)
        mean, pen = noise.value[:, 0], pen_of(batch)
        half = np.nan_to_num(reading.half_widths[batch] * noise.error[:, 0])
        traces += between(steps, np.maximum(mean - half, 0.2 * mean), mean + half, pen, share=0.25)
        traces += line(Curve(steps, mean), reading.label(batch), pen, unit="nat²")
        ends.append((reading.label(batch), float(np.log10(mean[-1])), pen.colour))
        seen.append(mean)
    force = _largest_force(reading)
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


def _largest_force(reading: Fig3Reading) -> float:
    """The greatest component of the force that was seen at any time, in any training."""
    values = [reading.of_watched("max_force", batch)[..., 0] for batch in reading.shown]
    found = np.concatenate([each.ravel() for each in values])
    return float(np.nanmax(found)) if np.isfinite(found).any() else float("nan")


def _correlation(reading: Fig3Reading) -> Panel:
    """C(t, h) by lag, mean over trainings with 95 % intervals."""
    start, near = _start(reading), reading.near_lags
    if start is None:
        return [], axis("C(t, h)  (nat²)"), [], []
    traces, notes, top = [], [], 0.0
    lags = reading.lags[near].astype(float)
    for place, batch in enumerate(reading.shown):
        values = reading.covariance(batch)[start][:, 0, near]
        if not len(values):
            continue
        mean = values.mean(0)
        several = len(values) > 1
        error = values.std(0, ddof=1) / np.sqrt(len(values)) if several else 0 * mean
        half = reading.half_widths[batch] * error if several else error
        symbol, sign = MARKS[place % len(MARKS)]
        traces.append(points(lags, mean, half, reading.label(batch), pen_of(batch), symbol, hover="%{y:.3g} nat²"))
        notes.append(_key(f"{sign} {reading.label(batch)}", pen_of(batch).colour, 0.98, "right", 1.0 - 0.11 * place))
        top = max(top, float((mean + np.nan_to_num(half)).max()))
    return traces, axis("C(t, h)  (nat²)", range=[-0.08 * top, 1.12 * top], nticks=6), notes, []


def _start(reading: Fig3Reading) -> int | None:
    """The place of the start whose correlation is shown: the nearest to the paper's; None without any."""
    starts = np.array(reading.starts, dtype=float)
    return int(np.argmin(np.abs(np.log1p(starts) - np.log1p(STEP)))) if len(starts) else None


def _key(text: str, colour: str, x: float, anchor: str, y: float) -> dict[str, Any]:
    """A name within a panel, where curves cannot be named at their ends."""
    return {"text": text, "xref": "domain", "x": x, "xanchor": anchor, "yref": "domain", "y": y, "yanchor": "top",
            "showarrow": False, "font": {"size": 13, "color": colour}}  # fmt: skip


def _lags(reading: Fig3Reading) -> dict[str, Any]:
    last = float(reading.lags[reading.near_lags[-1]]) if len(reading.near_lags) else 1.0
    return axis("lag h (training steps)", range=[-0.04 * max(last, 1), 1.04 * max(last, 1)], dtick=max(1, last // 5))


def _caption(reading: Fig3Reading) -> str:
    trials = ", ".join(f"{reading.trials(batch)} at {reading.label(batch)}" for batch in reading.shown)
    drawn = min(TRAININGS, max(reading.trials(batch) for batch in reading.shown))
    return (
        f"Trainings: {trials}. (a) One parameter of the last layer, chosen at random: its way from where it started in "
        f"{drawn} trainings at each batch size. (b) Shade: standard deviation over trainings. (c) Shade: 95 % interval "
        "of the mean. The paper draws max |∇U_B| beside these variances; a force is to be compared with the root of a "
        "variance, or its square with the variance. (d) Bars: 95 % intervals over trainings."
    )
