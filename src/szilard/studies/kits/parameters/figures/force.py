"""Force against noise along the training: all of a layer's parameters together, and the most pushed of them."""

from __future__ import annotations

from functools import partial

import numpy as np

from szilard.page.curve import Curve
from szilard.page.plot import Plot
from szilard.page.style import Figure
from szilard.studies.kits.parameters.figures.marks import LOW, draw, margin, ratio_along
from szilard.studies.kits.watched.bursts import Bursts
from szilard.studies.kits.watched.reading import WatchedReading


def figure(reading: WatchedReading) -> Figure | None:
    """None with too few bursts."""
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
