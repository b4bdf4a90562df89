"""How hot each layer runs along the training: the kinetic temperature, beside the one that its noise sustains."""

from __future__ import annotations

from szilard.page.axes import axis, layout
from szilard.page.style import Figure
from szilard.studies.kits.parameters.figures.marks import along, drawn, margin
from szilard.studies.kits.parameters.figures.noise import ticks
from szilard.studies.kits.watched.reading import WatchedReading


def figure(reading: WatchedReading) -> Figure | None:
    """None with fewer than two bursts."""
    bursts = reading.bursts
    if bursts is None or bursts.records < 2:
        return None
    data, names, span = drawn(bursts, lambda layer: along(bursts, layer, "temperature_noise"), unit="loss")
    return Figure(
        key="temperatures",
        title="How hot each layer runs",
        caption=(
            "The temperature that each layer's noise sustains, ½ r c for plain SGD and by the optimiser's own law for "
            "others, per parameter and in units of the loss. Layers in mutual equilibrium would share one curve. "
            "Bands: 95 %."
        ),
        data=data,
        layout=layout(
            axis("temperature T (loss)", type="log", range=list(span), **ticks(span)),
            right=margin(bursts),
            annotations=names,
        ),
    )
