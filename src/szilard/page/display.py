"""A run in a notebook: what came of it at a glance, and its figures, shown inline by Plotly."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, final

from szilard.errors import RecordError, nearest
from szilard.notebook.html import calls, escape, folded, framed, head
from szilard.page.cards import banner, cards
from szilard.page.content import Content
from szilard.page.render import height_of
from szilard.page.safe import prose
from szilard.page.style import GREY, Figure
from szilard.printable import printable

KINDS = {"complete": "good", "broken": "bad"}
_LETTERS = 105
"""Of a line of a caption."""


def run_html(name: str, status: str, told: Content) -> str:
    """The numbers at a glance, and what was seen.

    Args:
        name: of the run.
        status: of its record.
        told: the parts of its page.
    """
    words = "".join(f"<p><b>{escape(lead)}.</b> {prose(text)}</p>" for lead, text in told.paragraphs)
    return framed(
        head(name, status, KINDS.get(status, "mind")),
        f'<p class="soft">{escape(told.subtitle)}</p>',
        banner([each for each in told.remarks if each.kind != "good"]),
        cards(told.cards),
        folded("What was seen", words) if words else "",
        calls("run.figures()", "run.audit()", "run.report()", "run.data"),
    )


@final
class ShownFigure:
    """One figure of a run.

    Attributes:
        key: its name.
        title: in a few words.
        caption: what to see.
    """

    def __init__(self, figure: Figure) -> None:
        self.key, self.title, self.caption = figure.key, figure.title, figure.caption
        self._figure = figure

    @property
    def plotly(self) -> Any:
        """A ``plotly.graph_objects.Figure``, to be changed, saved or shown elsewhere; None where it is text."""
        if self._figure.html:
            return None
        from plotly.graph_objects import Figure as Plotly

        figure = self._figure
        data, layout = _alternatives(figure) if figure.frames else (figure.data, figure.layout)
        return Plotly(data, _titled(figure, layout))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """What Plotly's renderer in use makes of it; the text as well."""
        plain = {"text/plain": repr(self)}
        if (drawn := self.plotly) is None:
            body = f"{head(self.title)}{self._figure.html}<p class=soft>{prose(self.caption)}</p>"
            return {**plain, "text/html": framed(body)}
        return {**plain, **drawn._repr_mimebundle_()}

    def __repr__(self) -> str:
        return f"<figure {self.key!r}: {printable(self.title)}>"


@final
class ShownFigures(Sequence[ShownFigure]):
    """The figures of a run, in the order of its page; each by its number or key.

    Args:
        figures: all of them.
        name: of the run.
    """

    def __init__(self, figures: Sequence[Figure], name: str) -> None:
        self._figures = [ShownFigure(figure) for figure in figures]
        self._name = name

    def __getitem__(self, which: Any) -> Any:
        """One figure by its key or number.

        Raises:
            RecordError: if there is none of that key.
        """
        if not isinstance(which, str):
            return self._figures[which]
        found = next((figure for figure in self._figures if figure.key == which), None)
        if found is None:
            known = nearest(which, [figure.key for figure in self._figures])
            raise RecordError(f"the run {self._name!r} has no figure {which!r}: {known}")
        return found

    def __len__(self) -> int:
        return len(self._figures)

    def __iter__(self) -> Iterator[ShownFigure]:
        return iter(self._figures)

    def _ipython_display_(self) -> None:
        """Shows them one after the other."""
        from IPython.display import display

        for figure in self._figures:
            display(figure)

    def __repr__(self) -> str:
        lines = [f"  {figure.key:24} {printable(figure.title)}" for figure in self._figures]
        return "\n".join([f"<{len(lines)} figures of {self._name!r}, inline in a notebook>", *lines])


def _titled(figure: Figure, layout: dict[str, Any]) -> dict[str, Any]:
    """The layout with title and caption above the panels."""
    lines = textwrap.wrap(printable(figure.caption), _LETTERS)
    above = 40 + 16 * len(lines)
    margin = dict(layout.get("margin", {}))
    margin["t"] = margin.get("t", 14) + above
    title = {
        "text": html.escape(printable(figure.title), quote=False), "font": {"size": 16}, "x": 0, "xref": "paper",
        "y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 10},
        "subtitle": {
            "text": "<br>".join(html.escape(line, quote=False) for line in lines),
            "font": {"size": 12, "color": GREY},
        },
    }  # fmt: skip
    return {**layout, "title": title, "margin": margin, "height": height_of(figure) + above, "template": "none"}


def _alternatives(figure: Figure) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """All frames of a figure in one, with a slider that shows one at a time, the last to begin with."""
    last = len(figure.frames) - 1
    owner = [number for number, frame in enumerate(figure.frames) for _ in frame["data"]]
    data = [
        {**trace, "visible": number == last} for number, frame in enumerate(figure.frames) for trace in frame["data"]
    ]
    steps = [
        {
            "label": html.escape(printable(frame["label"]), quote=False),
            "method": "update",
            "args": [{"visible": [of == number for of in owner]}, frame["layout"]],
        }
        for number, frame in enumerate(figure.frames)
    ]
    slider = {"active": last, "steps": steps, "currentvalue": {"prefix": "Up to "}, "pad": {"t": 40}}
    layout = figure.frames[last]["layout"]
    margin = {**layout.get("margin", {}), "b": 120}
    return data, {**layout, "sliders": [slider], "margin": margin}
