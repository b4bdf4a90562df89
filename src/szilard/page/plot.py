"""A figure in the making: panels over one another or side by side, their axes and legend, put together at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from szilard.page.axes import STEPS, Axis
from szilard.page.marks import Trace, key
from szilard.page.panel import Panel
from szilard.page.style import INK, Figure

PLACES = {
    "above": {"orientation": "h", "traceorder": "normal", "x": 0, "y": 1.01, "yanchor": "bottom", "font": {"size": 12}},
    "top left": {"x": 0.02, "y": 0.98, "yanchor": "top", "bgcolor": "rgba(255,255,255,0.8)"},
    "top right": {"x": 0.98, "xanchor": "right", "y": 0.98, "yanchor": "top", "bgcolor": "rgba(255,255,255,0.8)"},
    "bottom right": {
        "x": 0.98, "xanchor": "right", "y": 0.04, "yanchor": "bottom", "bgcolor": "rgba(255,255,255,0.8)",
    },
}  # fmt: skip
"""Where a legend may stand."""
Place = tuple[tuple[float, float], tuple[float, float]]
"""What a panel takes of the figure's width and height, from the left and from below, as shares."""


@dataclass(slots=True)
class Plot:
    """A figure in the making.

    Attributes:
        x: the axis that all panels share, but for those that have their own.
        right: pixels that names at the ends of curves need beside the panels.
        legend: where it stands, one of :data:`PLACES`; none where it is empty.
        legend_rows: how many lines a legend above the panels needs.
        closest: whether the pointer shows the nearest mark, not all at one x.
        silent: whether it shows nothing.
        ground: the colour behind the marks.
        places: of panels that have x axes of their own; None for panels over one another.
        traces: the marks, in the order in which they are drawn.
        panels: from the top.
    """

    x: Axis = STEPS
    right: int = 70
    legend: str = ""
    legend_rows: int = 1
    closest: bool = False
    silent: bool = False
    ground: str = "white"
    places: Sequence[Place] | None = None
    traces: list[Trace] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)

    def panel(self, y: Axis | str, x: Axis | None = None, **settings: Any) -> Panel:
        """A further panel, below those there are.

        Args:
            y: its axis, or its title.
            x: an axis of its own.
            settings: of its y axis, see :class:`~szilard.page.axes.Axis`.
        """
        axis = Axis(y, **settings) if isinstance(y, str) else y
        self.panels.append(Panel(self.traces, len(self.panels) + 1, axis, x, self.x))
        return self.panels[-1]

    def key(self, name: str, symbol: str, colour: str) -> None:
        """A line of the legend that says what a symbol means."""
        self.traces.append(key(name, symbol, colour))

    def figure(self, key: str, title: str, caption: str, **more: Any) -> Figure:
        """The plot with its title and caption; ``more`` is of :class:`~szilard.page.style.Figure`."""
        settings = {"along_steps": self.x.steps and self.places is None, "panels": len(self.panels)} | more
        return Figure(key=key, title=title, caption=caption, data=self.traces, layout=self.layout(), **settings)

    def layout(self, places: Sequence[Place] | None = None) -> dict[str, Any]:
        """Axes, rules and words as Plotly reads them; ``places`` arranges the panels otherwise, for narrow screens."""
        places = places or self.places
        shared = places is None
        places = stacked(len(self.panels)) if places is None else places
        axes: dict[str, Any] = {}
        if shared:
            bottom = "y" if len(self.panels) == 1 else f"y{len(self.panels)}"
            axes["xaxis"] = {**self.x.settings(), "anchor": bottom}
        words, shapes = [], []
        for number, (panel, (across, up)) in enumerate(zip(self.panels, places, strict=True), start=1):
            key = "" if number == 1 else str(number)
            axes[f"yaxis{key}"] = {**replace(panel.y, span=panel.span).settings(), "domain": list(up)}
            if panel.x is not None:
                axes[f"xaxis{key}"] = {**panel.x.settings(), "anchor": f"y{key}", "domain": list(across)}
                axes[f"yaxis{key}"]["anchor"] = f"x{key}"
            words += panel.placed(*across, up[1])
            shapes += panel.shapes
        return {**axes, **self._frame(), "annotations": words, "shapes": shapes}

    def _frame(self) -> dict[str, Any]:
        """What surrounds the panels."""
        margin = {"l": 64, "r": self.right, "t": 14, "b": 48}
        if self.legend == "above":
            margin |= {"r": 16, "t": 18 + 22 * self.legend_rows}
        frame = {
            "margin": margin,
            "font": {"family": "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", "size": 13, "color": INK},
            "paper_bgcolor": "white",
            "plot_bgcolor": self.ground,
            "hovermode": False if self.silent else "closest" if self.closest else "x unified",
            "showlegend": bool(self.legend),
        }
        return {**frame, "legend": PLACES[self.legend]} if self.legend else frame


def stacked(count: int) -> list[Place]:
    """Places of panels over one another, the first on top."""
    gap = 0.18 / count if count > 1 else 0.0
    height = (1 - gap * (count - 1)) / count
    tops = [1 - number * (height + gap) for number in range(count)]
    return [((0.0, 1.0), (max(top - height, 0.0), top)) for top in tops]
