"""Noise and force of every layer along the training, on logarithmic scales."""

from __future__ import annotations

from szilard.page.axes import axis, layout
from szilard.page.style import Figure
from szilard.studies.kits.parameters.figures.marks import along, drawn, margin
from szilard.studies.kits.watched.reading import WatchedReading

LOW = 0.12
"""Between names in a panel that shares its figure with another."""


def figure(reading: WatchedReading) -> Figure | None:
    """None with fewer than two bursts."""
    bursts = reading.bursts
    if bursts is None or bursts.records < 2:
        return None
    noise, names, above = drawn(bursts, lambda layer: along(bursts, layer, "noise_variance"), unit="loss²", apart=LOW)
    signal, more, below = drawn(
        bursts, lambda layer: along(bursts, layer, "signal_variance"), unit="loss²", panel=2, apart=LOW
    )
    return Figure(
        key="noise",
        title="Noise and force, layer by layer",
        caption=(
            "Above: variance of a batch's gradient at fixed parameters, the random force, mean over the layer's "
            "parameters. Below: squared mean gradient, the deterministic force. Its estimates may be negative where "
            "noise drowns it; those have no place here. Stationary noise would be level. Bands: 95 %."
        ),
        data=[*noise, *signal],
        layout=layout(
            axis("noise variance c (loss²)", type="log", range=list(above), **ticks(above)),
            axis("force² (loss²)", type="log", range=list(below), **ticks(below)),
            right=margin(bursts),
            annotations=[*names, *more],
        ),
        panels=2,
        wide=True,
    )


def ticks(span: tuple[float, float]) -> dict[str, float | str]:
    """Whole powers of ten alone where there are several of them, with 2 and 5 where there is one."""
    width = span[1] - span[0]
    return {"dtick": 1} if width > 2 else {"dtick": "D2"} if width > 0.5 else {}
