"""The training's own numbers: loss and learning rate."""

from __future__ import annotations

from typing import Any

from szilard.page.axes import axis, layout
from szilard.page.drawing import line
from szilard.page.style import ORANGE, VERMILLION, Figure, Pen
from szilard.studies.sampled.figures.view import View


def figure(view: View) -> Figure | None:
    """None without a loss."""
    if not view.enough or not view.has("loss"):
        return None
    data = line(view.curve("loss"), "training loss", Pen(VERMILLION))
    axes: list[dict[str, Any]] = [axis("training loss (as given)")]
    if view.has("learning_rate") and len(set(view.evidence.column("learning_rate").tolist())) > 1:
        data += line(view.curve("learning_rate"), "learning rate", Pen(ORANGE, "dot"), panel=2)
        axes.append(axis("learning rate (1)", rangemode="tozero"))
    return Figure(
        key="training",
        title="The loss beside it",
        caption=(
            "What the optimiser saw, over the same steps; of an energy it need not fall while the model learns. Band: "
            "95 %, over the steps since the previous record."
            if view.capability == "energetic"
            else "What the optimiser saw, over the same steps. Band: 95 %, over the steps since the previous record."
        ),
        data=data,
        layout=layout(*axes, right=16),
        panels=len(axes),
    )
