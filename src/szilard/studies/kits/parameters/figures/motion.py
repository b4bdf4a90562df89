"""What moves the parameters: whether they are stationary, force against noise, and what drift and diffusion cost."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from szilard.page.axes import Span, spread
from szilard.page.curve import Curve, thinned
from szilard.page.plot import Plot
from szilard.page.style import BLACK, BLUE, GREEN, VERMILLION, Figure, Pen
from szilard.studies.kits.parameters.claims.work import works
from szilard.studies.kits.parameters.figures.marks import LOW, draw, margin, ratio_along
from szilard.studies.kits.watched.bursts import Bursts
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.verdicts.bounds import STATIONARY_RATIO


def relation(reading: WatchedReading) -> Figure | None:
    """Yaida's first fluctuation–dissipation relation along the training, with 1 marked.

    None with too few bursts, or where the optimiser's law is not known.
    """
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


def force(reading: WatchedReading) -> Figure | None:
    """Force against noise along the training: all of a layer's parameters together, and the most pushed of them.

    None with too few bursts.
    """
    bursts = reading.bursts
    if bursts is None or bursts.records < 8:
        return None
    plot = Plot(right=margin(bursts))
    seen = False
    for title, ratio, text in (
        ("‖∇U‖²|b|/tr C", _together, "force = noise"),
        ("max|∇U|/√c", _greatest, "a noise's width"),
    ):
        panel = plot.panel(title, log=True)
        panel.apart = LOW
        seen |= draw(panel, bursts, partial(ratio, bursts))
        low, high = panel.span or (1.0, 10.0)
        panel.span = min(low, 10**-0.15), max(high, 10**0.25)
        panel.rule(1.0, text)
    if not seen:
        return None
    sampled = "" if bursts.full_force else ", an upper bound, as the force is the mean of a burst"
    return plot.figure(
        "force",
        "Force against noise",
        "Above: ‖∇U‖² over the noise's tr C/|b|, all parameters of a layer together. Below: the greatest force on "
        f"a single parameter over the noise's width √c{sampled}. Neighbouring bursts together; bands: 95 %.",
    )


def _together(bursts: Bursts, layer: int) -> Curve:
    return ratio_along(bursts, *(bursts.values(name)[:, layer] for name in ("signal_variance", "noise_variance")))


def _greatest(bursts: Bursts, layer: int) -> Curve:
    noise = np.sqrt(np.maximum(bursts.values("noise_variance")[:, layer], 0))
    return ratio_along(bursts, bursts.values("max_force")[:, layer], noise)


def work(reading: WatchedReading) -> Figure | None:
    """Predicted drift and diffusion beside the measured work per step.

    None where no works were predicted, or nothing was measured beside them.
    """
    found = works(reading)
    if found is None or len(found.steps) < 2:
        return None
    rows = thinned(len(found.steps), 200)
    parts = [
        ("measured", "measured W", found.measured, Pen(BLACK)),
        ("predicted", "drift and diffusion together", found.drift + found.diffusion, Pen(VERMILLION, "dash")),
        ("diffusion", "diffusion ½ r² tr(F C)/|b|", found.diffusion, Pen(BLUE, "dot")),
        ("drift", "drift", found.drift, Pen(GREEN, "dashdot")),
    ]
    plot = Plot(right=90)
    panel, seen = plot.panel("nat per input and training step", log=True), []
    for short, name, values, pen in parts:
        keep = rows[values[rows] > 0]
        if len(keep):
            panel.line(Curve(found.steps[keep], values[keep]), name, pen, unit="nat", end=short)
            seen.append(values[keep])
    panel.span = spread(*seen, log=True)
    at = f"a jump of {found.interval:,} steps" if found.interval > 1 else "every step"
    return plot.figure(
        "predicted",
        "Drift and diffusion, predicted and measured",
        f"Work per training step, measured at {at} by the ledger, beside what the force (½ r² ∇U·F∇U, times the "
        "interval) and the noise (½ r² tr(F C)/|b|) should cost to leading order, from the bursts at both ends. "
        "Beyond the relaxation time jumps undo one another and cost less.",
    )
