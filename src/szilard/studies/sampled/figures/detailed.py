"""The detailed fluctuation theorem (Eq. 22): σ of the way from one kept model to the next, and −σ of the way back."""

from __future__ import annotations

from typing import Any

import numpy as np

from szilard.estimate import Estimate, Kind
from szilard.page.axes import axis, spread
from szilard.page.style import BLACK, BLUE, VERMILLION, Figure, faded
from szilard.studies.sampled.figures.marks import beside, head, level, on_panel, shade
from szilard.studies.sampled.model_space import Jump
from szilard.studies.sampled.reading import SampledReading
from szilard.verdicts.bounds import LEVEL

LEAST = 8
"""Counts of both histograms in a bin whose ratio is drawn."""
JUMPS = 4


def figure(reading: SampledReading) -> Figure | None:
    """None where no two histograms meet."""
    jumps = [] if reading.space is None else [jump for jump in reading.space.jumps if np.isfinite(jump.slope).all()]
    resolved = sorted(jumps, key=_reach, reverse=True)[:JUMPS]
    if not resolved or _reach(resolved[0]) == 0:
        return None
    shown = resolved[0]
    last = max(jump.after for jump in jumps) or 1
    data = [on_panel(trace, 1) for trace in _histograms(shown)]
    ratios, span = _ratios(sorted(resolved, key=lambda jump: jump.after), last)
    data += [on_panel(trace, 2) for trace in ratios] + [on_panel(_slopes(jumps), 3)]
    rule, _ = level(1.0, "", 3)
    low, high = _span_of_slopes(jumps)
    panels = [
        (axis("σ (nat)"), axis("share of samples", rangemode="tozero")),
        (axis("σ (nat)", range=list(span)), axis("ln P_F(σ)/P_B(−σ)", range=list(span))),
        (axis("jump to training step", tickformat=",d"), axis("slope in σ (1)", range=[low, high])),
    ]
    notes = [head(f"step {shown.before:,} to {shown.after:,}", 1), head("log ratio, and the law", 2),
             head("slope of each jump", 3)]  # fmt: skip
    wide, narrow = beside(panels, (1, 1, 1), shapes=[rule], annotations=notes)
    return Figure(
        key="detailed",
        title="Forward and back: the detailed fluctuation theorem",
        caption=(
            "σ is what a sample of one kept model gives off when the parameters jump to the next. Left: its histogram "
            "(blue), and that of −σ on the way back (vermillion, dashed). Middle: their log ratio against σ for "
            f"{len(resolved)} jumps, dark early and light late, on the line of slope 1 that Eq. 22 asks for. Right: "
            "the slope by maximum likelihood, without bins. Bars: 95 %."
        ),
        data=data,
        layout=wide,
        along_steps=False,
        wide=True,
        tall=330,
        narrow=narrow,
        narrow_tall=840,
    )


def _both(jump: Jump) -> np.ndarray:
    return (jump.forward >= LEAST) & (jump.backward >= LEAST)


def _reach(jump: Jump) -> float:
    """The range of σ over which both histograms are filled, narrowed by how little else they hold."""
    both = _both(jump)
    return float(np.ptp(jump.centres[both])) * jump.shared if both.sum() > 2 else 0.0


def _histograms(jump: Jump) -> list[dict[str, Any]]:
    traces = []
    for counts, name, colour, dash in (
        (jump.forward, "forward", BLUE, "solid"),
        (jump.backward, "back, turned over", VERMILLION, "dash"),
    ):
        share = counts / max(counts.sum(), 1)
        traces.append(
            {
                "type": "scatter", "mode": "lines", "name": name, "x": np.repeat(jump.edges, 2),
                "y": np.r_[0, np.repeat(share, 2), 0], "line": {"color": colour, "dash": dash, "width": 2},
                "fill": "tozeroy", "fillcolor": faded(colour, 0.13), "hovertemplate": "%{x:.3g} nat: %{y:.1%}",
                "showlegend": False,
            }
        )  # fmt: skip
    return traces


def _ratios(jumps: list[Jump], last: int) -> tuple[list[dict[str, Any]], tuple[float, float]]:
    """Points of every jump, and the line of slope 1 under them."""
    traces: list[dict[str, Any]] = []
    everything = []
    for jump in jumps:
        both = _both(jump)
        forward, backward = jump.forward[both], jump.backward[both]
        ratio = np.log(forward / backward) - np.log(jump.forward.sum() / jump.backward.sum())
        half = Estimate(0.0, np.sqrt(1 / forward + 1 / backward), Kind.ASYMPTOTIC).interval(LEVEL)[1]
        colour = shade(jump.after / last)
        everything += [*jump.centres[both], *ratio]
        traces.append(
            {
                "type": "scatter", "mode": "markers", "name": f"to step {jump.after:,}", "x": jump.centres[both],
                "y": ratio, "customdata": half, "marker": {"color": colour, "size": 6}, "showlegend": False,
                "error_y": {"type": "data", "array": half, "color": colour, "thickness": 1, "width": 0},
                "hovertemplate": "%{y:.2f} ± %{customdata:.2f}",
            }
        )  # fmt: skip
    low, high = spread(everything, pad=0.15)
    law = {"type": "scatter", "mode": "lines", "x": [low, high], "y": [low, high], "name": "Eq. 22",
           "showlegend": False, "line": {"color": BLACK, "width": 1.6, "dash": "dash"},
           "hoverinfo": "skip"}  # fmt: skip
    return [law, *traces], (low, high)


def _slopes(jumps: list[Jump]) -> dict[str, Any]:
    half = Estimate(0.0, np.array([jump.slope[1] for jump in jumps]), Kind.ASYMPTOTIC).interval(LEVEL)[1]
    return {
        "type": "scatter", "mode": "markers", "x": [jump.after for jump in jumps], "name": "slope", "showlegend": False,
        "y": [jump.slope[0] for jump in jumps], "customdata": half, "marker": {"color": BLUE, "size": 7},
        "error_y": {"type": "data", "array": half, "color": BLUE, "thickness": 1.2, "width": 3},
        "hovertemplate": "%{y:.3f} ± %{customdata:.2g}",
    }  # fmt: skip


def _span_of_slopes(jumps: list[Jump]) -> tuple[float, float]:
    """About 1, as wide as most of the bars: a few jumps too short to tell anything may leave the panel."""
    half = np.median([jump.slope[1] for jump in jumps]) * 4
    away = np.quantile([abs(jump.slope[0] - 1) for jump in jumps], 0.75) * 1.5
    reach = float(max(half, away, 0.1))
    return 1 - reach, 1 + reach
