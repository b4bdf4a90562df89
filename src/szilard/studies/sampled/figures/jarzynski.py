"""The Jarzynski average over the lagging chains, and how many of them carry it."""

from __future__ import annotations

from typing import Any

from szilard.page.axes import axis, layout, rule
from szilard.page.drawing import line
from szilard.page.style import ORANGE, PURPLE, Figure, Pen
from szilard.studies.kits.watched.curves import curve
from szilard.studies.sampled.reading import SampledReading


def figure(reading: SampledReading) -> Figure | None:
    """None where it was not recorded."""
    if not reading.whole or not reading.has("jarzynski"):
        return None
    data = line(curve(reading, "jarzynski"), "Jarzynski average", Pen(PURPLE, width=1.6))
    axes: list[dict[str, Any]] = [axis("⟨e^−(W−ΔF)⟩ (1)")]
    if reading.has("jarzynski_effective_samples"):
        data += line(curve(reading, "jarzynski_effective_samples"), "effective chains", Pen(ORANGE, "dash"), panel=2)
        axes.append(axis("effective chains (1)", type="log" if _positive(reading) else "linear"))
    return Figure(
        key="jarzynski",
        title="The Jarzynski average",
        caption=(
            "Over the chains since the first record, with the reference population's ΔF: 1 in expectation however far "
            "the chains lag. Where few chains carry it (below) it says nothing, for the ones that would matter were "
            "never seen. Band: 95 %."
        ),
        data=data,
        layout=layout(*axes, right=16, shapes=[rule(1.0, "")[0]]),
        panels=len(axes),
    )


def _positive(reading: SampledReading) -> bool:
    return bool((curve(reading, "jarzynski_effective_samples").values > 0).all())
