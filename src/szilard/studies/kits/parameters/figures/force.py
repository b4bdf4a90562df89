"""Force against noise along the training: all of a layer's parameters together, and the most pushed of them."""

from __future__ import annotations

import numpy as np

from szilard.page.axes import axis, layout, rule
from szilard.page.curve import Curve
from szilard.page.style import Figure
from szilard.studies.kits.parameters.figures.marks import drawn, margin, ratio_along
from szilard.studies.kits.parameters.figures.noise import LOW, ticks
from szilard.studies.kits.watched.bursts import Bursts
from szilard.studies.kits.watched.reading import WatchedReading


def figure(reading: WatchedReading) -> Figure | None:
    """None with too few bursts."""
    bursts = reading.bursts
    if bursts is None or bursts.records < 8:
        return None
    data, names, above = drawn(bursts, lambda layer: _together(bursts, layer), apart=LOW)
    greatest, more, below = drawn(bursts, lambda layer: _greatest(bursts, layer), panel=2, apart=LOW)
    if not data and not greatest:
        return None
    above, below = (_with_one(span) for span in (above, below))
    lines = [rule(1.0, text, panel, log=True) for panel, text in ((1, "force = noise"), (2, "a noise's width"))]
    sampled = "" if bursts.full_force else ", an upper bound, as the force is the mean of a burst"
    return Figure(
        key="force",
        title="Force against noise",
        caption=(
            "Above: ‖∇U‖² over the noise's tr C/|b|, all parameters of a layer together. Below: the greatest force on "
            f"a single parameter over the noise's width √c{sampled}. Neighbouring bursts together; bands: 95 %."
        ),
        data=[*data, *greatest],
        layout=layout(
            axis("‖∇U‖²|b|/tr C", type="log", range=list(above), **ticks(above)),
            axis("max|∇U|/√c", type="log", range=list(below), **ticks(below)),
            right=margin(bursts),
            shapes=[shape for shape, _ in lines],
            annotations=[*names, *more, *(note for _, note in lines)],
        ),
        panels=2,
    )


def _together(bursts: Bursts, layer: int) -> Curve:
    return ratio_along(bursts, *(bursts.values(name)[:, layer] for name in ("signal_variance", "noise_variance")))


def _greatest(bursts: Bursts, layer: int) -> Curve:
    noise = np.sqrt(np.maximum(bursts.values("noise_variance")[:, layer], 0))
    return ratio_along(bursts, bursts.values("max_force")[:, layer], noise)


def _with_one(span: tuple[float, float]) -> tuple[float, float]:
    """A logarithmic range that shows 1."""
    return min(span[0], -0.15), max(span[1], 0.25)
