"""Yaida's first fluctuation–dissipation relation along the training, with 1 marked."""

from __future__ import annotations

from collections.abc import Iterable

from szilard.page.axes import Span, spread
from szilard.page.curve import Curve
from szilard.page.plot import Plot
from szilard.page.style import Figure
from szilard.studies.kits.parameters.figures.marks import draw, margin, ratio_along
from szilard.studies.kits.watched.bursts import Bursts
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.verdicts.bounds import STATIONARY_RATIO


def figure(reading: WatchedReading) -> Figure | None:
    """None with too few bursts, or where the optimiser's law is not known."""
    bursts = reading.bursts
    if bursts is None or bursts.records < 8:
        return None
    curves = {layer: _ratio(bursts, layer) for layer in range(bursts.groups)}
    plot = Plot(right=margin(bursts))
    panel = plot.panel("FDR ratio", zero_line=False)
    if not draw(panel, bursts, curves.__getitem__, within=_late(curves.values())):
        return None
    panel.band(*STATIONARY_RATIO)
    panel.rule(1.0, "stationary: 1")
    return plot.figure(
        "relation",
        "Are the parameters stationary yet?",
        "⟨θ·∇U⟩ over the kinetic temperature (first fluctuation–dissipation relation), neighbouring bursts "
        "together: 1 once the parameters neither grow nor shrink; early ratios far from it lie beyond the axis. "
        "Grey: the audit's bound. Bands: 95 %.",
    )


def _late(curves: Iterable[Curve]) -> Span:
    """The range that the second half needs: on the way from a start far off the ratio may be a hundred."""
    late = [curve.values[len(curve) // 2 :] for curve in curves]
    return spread(*late, [0.0, 2.0], pad=0.1)


def _ratio(bursts: Bursts, layer: int) -> Curve:
    """The ratio of sums, each record weighed by its steps and its kinetic temperature."""
    weights = bursts.values("interval") * bursts.values("temperature_kinetic")[:, layer]
    return ratio_along(bursts, bursts.values("fdr_ratio")[:, layer] * weights, weights)
