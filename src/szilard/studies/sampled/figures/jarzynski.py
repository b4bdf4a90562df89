"""The Jarzynski average over the lagging chains, and how many of them carry it."""

from __future__ import annotations

from typing import Any

from szilard.page.axes import axis, layout, rule
from szilard.page.drawing import line
from szilard.page.style import ORANGE, PURPLE, Figure, Pen
from szilard.studies.sampled.figures.view import View


def figure(view: View) -> Figure | None:
    """None where it was not recorded."""
    if not view.enough or not view.has("jarzynski"):
        return None
    data = line(view.curve("jarzynski"), "Jarzynski average", Pen(PURPLE, width=1.6))
    axes: list[dict[str, Any]] = [axis("⟨e^−(W−ΔF)⟩ (1)")]
    if view.has("jarzynski_effective_samples"):
        data += line(view.curve("jarzynski_effective_samples"), "effective chains", Pen(ORANGE, "dash"), panel=2)
        axes.append(axis("effective chains (1)", type="log" if _positive(view) else "linear"))
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


def _positive(view: View) -> bool:
    return bool((view.curve("jarzynski_effective_samples").values > 0).all())
