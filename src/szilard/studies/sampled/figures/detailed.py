"""The detailed fluctuation theorem (Eq. 22): σ of the way from one kept model to the next, and −σ of the way back."""

from __future__ import annotations

import numpy as np

from szilard.estimate import Estimate, Kind
from szilard.page.axes import Axis, Span, spread
from szilard.page.distributions import outline
from szilard.page.panel import Panel
from szilard.page.plot import Plot
from szilard.page.style import BLACK, BLUE, VERMILLION, Figure, Pen
from szilard.studies.sampled.figures.marks import over_one_another, shade, side_by_side
from szilard.studies.sampled.model_space import Jump
from szilard.studies.sampled.reading import SampledReading
from szilard.verdicts.bounds import LEVEL

LEAST = 8
"""Counts of both histograms in a bin whose ratio is drawn."""
JUMPS = 4
LAW = Pen(BLACK, "dash", 1.6)


def figure(reading: SampledReading) -> Figure | None:
    """Histograms of one jump, log ratios of a few, slopes of all; None where no two histograms meet."""
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
