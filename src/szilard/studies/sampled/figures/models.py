"""The models kept along the training: the way through their space, and the fluctuation theorem between them."""

from __future__ import annotations

import math

import numpy as np

from szilard.estimate import Estimate, Kind
from szilard.ledger.embedding import ModelMap, TargetPlace
from szilard.numbers import number, percent
from szilard.page.axes import Axis, Span, spread
from szilard.page.distributions import outline
from szilard.page.marks import star, trail
from szilard.page.panel import Panel
from szilard.page.plot import Plot
from szilard.page.style import BLACK, BLUE, VERMILLION, Figure, Pen
from szilard.studies.sampled.figures.marks import over_one_another, shade, shades, side_by_side
from szilard.studies.sampled.model_space import Jump, Space
from szilard.studies.sampled.reading import SampledReading
from szilard.verdicts.bounds import LEVEL

NAMED = 5
"""Models whose step is written on the map."""
WIDTHS, ASPECT = (1.25, 1.0), 1.4
"""Of both panels, and of the map's on a wide screen."""
PAD = 0.14
"""Share of the map around it."""
WAY = Pen("#9AA3AE", width=2)
LEAST = 8
"""Counts of both histograms in a bin whose ratio is drawn."""
JUMPS = 4
LAW = Pen(BLACK, "dash", 1.6)


def space(reading: SampledReading) -> Figure | None:
    """The paper's Figure 1, from data: the learning's way through the space of models, and the target p*.

    The map, and where there are held-out data their cross-entropy; None with fewer than three models kept.
    """
    space = reading.space
    if space is None or space.map is None:
        return None
    count = 1 if space.cross_entropy is None else 2
    plot = Plot(right=12, closest=True, places=side_by_side(WIDTHS[:count]))
    _map(plot, space, space.map)
    if space.cross_entropy is not None:
        _distance(plot, space, *space.cross_entropy)
    narrow = plot.layout(over_one_another(count))
    plot.right = 16  # the last tick's number stands out of a wide figure
    return plot.figure(
        "space",
        "The way through the space of models (paper Figure 1, from data)",
        _caption(space, space.map),
        panels=1,
        wide=True,
        tall=470,
        narrow=narrow,
        narrow_tall=380 * count,
    )


def _map(plot: Plot, space: Space, found: ModelMap) -> None:
    width, height = _spans(space, found)
    across = Axis(f"first direction (nat^½ per √{space.unit})", span=width, zero_line=False)
    panel = plot.panel("second direction (same scale)", across, span=height, one_scale=True, zero_line=False)
    panel.heading("map by statistical distance")
    count, steps = len(found.points), space.steps.tolist()
    named = set(np.linspace(0, count - 1, min(NAMED, count)).round().astype(int).tolist())
    labels = [f" {'step ' if place in (0, count - 1) else ''}{step:,} " if place in named else ""
              for place, step in enumerate(steps)]  # fmt: skip
    corners = _corners(found.points, space.target)
    x, y = found.points.T
    way = trail(x, y, "models", WAY, shades(count), size=12, steps=space.steps, labels=labels, corners=corners)
    panel.put(way)
    if space.target is not None:
        _star(panel, space.target, float(found.points[-1, 1]))


def _spans(space: Space, found: ModelMap) -> tuple[Span, Span]:
    """Of both axes, on one scale: they hold the models, the target and the ring about it."""
    places = [found.points]
    if space.target is not None:
        out = 0.0 if math.isnan(space.target.height) else space.target.height
        places += [space.target.foot + np.array(corner) * out for corner in ((-1, -1), (1, 1))]
        # room for the star's name
        reach = np.ptp(np.vstack(places), axis=0).max()
        places += [space.target.foot + np.array((0, sign * 0.2)) * reach for sign in (-1, 1)]
    points = np.vstack(places)
    low, high = points.min(0), points.max(0)
    reach = (high - low) / 2 * (1 + 2 * PAD)
    half = float(max(reach[0] / ASPECT, reach[1])) or 1.0
    x, y = (0.5 * (low + high)).tolist()
    return (x - ASPECT * half, x + ASPECT * half), (y - half, y + half)


def _corners(points: np.ndarray, target: TargetPlace | None) -> list[str]:
    """Names on the side that the way leaves free: away from the middle of the map, the last one ahead of the way."""
    away = points - points.mean(0)
    away[-1] = (1, points[-1, 1] - points[-2, 1])
    if target is not None:
        away[-1, 1] = points[-1, 1] - target.foot[1]
    return [f"{'top' if y >= 0 else 'bottom'} {'right' if x >= 0 else 'left'}" for x, y in away]


def _star(panel: Panel, target: TargetPlace, last: float) -> None:
    """The target, with a ring as wide as it lies out of the plane; its name on the side of the last model's height."""
    x, y = target.foot.tolist()
    panel.put(star(x, y, "p*", VERMILLION))
    said, side = ", seen in this plane", "centre"
    if (out := target.height) > 0:
        panel.ring(x, y, out, Pen(VERMILLION, "dot", 1.4))
        said, side = f" lies {number(out)} nat^½ out of this plane", "left"
    panel.pointing("p*", said, x, y, VERMILLION, above=y > last, side=side)


def _distance(plot: Plot, space: Space, values: np.ndarray, errors: np.ndarray) -> None:
    """Cross-entropy of held-out data under each model, above H(p*) where that is known."""
    count, known = len(values), math.isfinite(space.entropy)
    half = np.asarray(Estimate(0.0, errors, Kind.UNBIASED).interval(LEVEL)[1])
    low, high = spread(values - half, values + half)
    if known:
        low = min(low, space.entropy - 0.1 * (high - low))
    shown = np.unique(np.linspace(0, count - 1, min(6, count)).round().astype(int)).tolist()
    x = Axis("training step of the models kept", at=shown, called=[f"{space.steps[each]:,}" for each in shown],
             span=(-0.5, count - 0.5))  # fmt: skip
    panel = plot.panel(f"cross-entropy (nat per {space.unit})", x, span=(low, high + 0.12 * (high - low)))
    panel.heading("held-out data under the same models")
    panel.put(trail(np.arange(count), values, "cross-entropy", WAY, shades(count), half=half, unit="nat"))
    if known:
        best = int(values.argmin())
        left, middle = values[best] - space.entropy, 0.5 * (values[best] + space.entropy)
        panel.rule(space.entropy, f"H(p*) = {number(space.entropy, 4)} nat: the least possible", inset=0.02)
        panel.stroke((best, best), (space.entropy, values[best]), Pen(VERMILLION, width=2))
        panel.note(f"KL(p*‖p) = {number(left)} nat ", best, middle, VERMILLION, side="left", shift=(-4, 0), backed=True)


def _caption(space: Space, found: ModelMap) -> str:
    said = (
        f"{len(space.steps)} models kept along the training, each sampled and evaluated under all the others. On the "
        "map the squared distance of two models is, as nearly as a plane allows, their Jeffreys divergence KL + KL, "
        "rare samples cut "
        f"(these two directions carry {percent(found.explained)} of it; distances are off by {percent(found.stress)}). "
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


def detailed(reading: SampledReading) -> Figure | None:
    """The detailed fluctuation theorem (Eq. 22): σ of the way from one kept model to the next, and −σ of the way back.

    Histograms of one jump, log ratios of a few, slopes of all; None where no two histograms meet.
    """
    jumps = [] if reading.space is None else [jump for jump in reading.space.jumps if np.isfinite(jump.slope).all()]
    resolved = sorted(jumps, key=_reach, reverse=True)[:JUMPS]
    if not resolved or _reach(resolved[0]) == 0:
        return None
    plot = Plot(right=12, closest=True, places=side_by_side((1, 1, 1)))
    _histograms(plot, resolved[0])
    _ratios(plot, sorted(resolved, key=lambda jump: jump.after), max(jump.after for jump in jumps) or 1)
    _slopes(plot, jumps)
    return plot.figure(
        "detailed",
        "Forward and back: the detailed fluctuation theorem",
        "σ is what a sample of one kept model gives off when the parameters jump to the next. Left: its histogram "
        "(blue), and that of −σ on the way back (vermillion, dashed). Middle: their log ratio against σ for "
        f"{len(resolved)} jumps, dark early and light late, on the line of slope 1 that Eq. 22 asks for. Right: "
        "the slope by maximum likelihood, without bins. Bars: 95 %.",
        panels=1,
        wide=True,
        tall=330,
        narrow=plot.layout(over_one_another(3)),
        narrow_tall=840,
    )


def _both(jump: Jump) -> np.ndarray:
    return (jump.forward >= LEAST) & (jump.backward >= LEAST)


def _reach(jump: Jump) -> float:
    """The range of σ over which both histograms are filled, narrowed by how little else they hold."""
    both = _both(jump)
    return float(np.ptp(jump.centres[both])) * jump.shared if both.sum() > 2 else 0.0


def _histograms(plot: Plot, jump: Jump) -> None:
    panel = plot.panel("share of samples", Axis("σ (nat)"), from_zero=True)
    panel.heading(f"step {jump.before:,} to {jump.after:,}")
    for counts, name, pen in (
        (jump.forward, "forward", Pen(BLUE, width=2)),
        (jump.backward, "back, turned over", Pen(VERMILLION, "dash", 2)),
    ):
        panel.put(outline(jump.edges, counts / max(counts.sum(), 1), name, pen, unit="nat"))


def _ratios(plot: Plot, jumps: list[Jump], last: int) -> None:
    """Points of every jump, and the line of slope 1 under them."""
    found = [(jump, *_ratio(jump)) for jump in jumps]
    span = spread(*(each for _, sigma, ratio, _ in found for each in (sigma, ratio)), pad=0.15)
    panel = plot.panel("ln P_F(σ)/P_B(−σ)", Axis("σ (nat)", span=span), span=span)
    panel.heading("log ratio, and the law")
    panel.reference(list(span), list(span), "Eq. 22", LAW)
    for jump, sigma, ratio, half in found:
        pen = Pen(shade(jump.after / last))
        panel.points(sigma, ratio, f"to step {jump.after:,}", pen, half=half, size=6, cap=0)


def _ratio(jump: Jump) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """σ, the log ratio of the histograms there, and half its interval, where both are filled."""
    both = _both(jump)
    forward, backward = jump.forward[both], jump.backward[both]
    ratio = np.log(forward / backward) - np.log(jump.forward.sum() / jump.backward.sum())
    half = Estimate(0.0, np.sqrt(1 / forward + 1 / backward), Kind.ASYMPTOTIC).interval(LEVEL)[1]
    return jump.centres[both], ratio, np.asarray(half)


def _slopes(plot: Plot, jumps: list[Jump]) -> None:
    panel: Panel = plot.panel("slope in σ (1)", Axis("jump to training step", steps=True), span=_span_of_slopes(jumps))
    panel.heading("slope of each jump")
    panel.rule(1.0)
    half = Estimate(0.0, np.array([jump.slope[1] for jump in jumps]), Kind.ASYMPTOTIC).interval(LEVEL)[1]
    after, slopes = [jump.after for jump in jumps], [jump.slope[0] for jump in jumps]
    panel.points(after, slopes, "slope", Pen(BLUE), half=half, size=7, cap=3)


def _span_of_slopes(jumps: list[Jump]) -> Span:
    """About 1, as wide as most of the bars: a few jumps too short to tell anything may leave the panel."""
    half = np.median([jump.slope[1] for jump in jumps]) * 4
    away = np.quantile([abs(jump.slope[0] - 1) for jump in jumps], 0.75) * 1.5
    reach = float(max(half, away, 0.1))
    return 1 - reach, 1 + reach
