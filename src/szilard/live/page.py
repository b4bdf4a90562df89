"""The page that a browser loads: a shell that its script fills, and the files that it asks for."""

from __future__ import annotations

from importlib import resources

ASSETS = {
    "live.js": "text/javascript; charset=utf-8",
    "curves.js": "text/javascript; charset=utf-8",
    "words.js": "text/javascript; charset=utf-8",
    "live.css": "text/css; charset=utf-8",
    "look.js": "text/javascript; charset=utf-8",
    "plot.js": "text/javascript; charset=utf-8",
}
"""Files beside the page, with their types."""


def shell() -> str:
    """The page before it has heard anything."""
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            '<title>szilard live</title><link rel="icon" href="data:,"><link rel="stylesheet" href="live.css">',
            '<script src="live.js" type="module"></script></head><body>',
            '<header><h1>szilard <em>live</em></h1><p id="connection" role="status">connecting …</p></header>',
            '<main><section aria-label="Runs"><ul id="runs"></ul><p id="left-out" hidden></p></section>',
            '<section aria-label="Figures"><div class="controls">',
            '<button type="button" id="step-axis" aria-pressed="false">Logarithmic steps</button>',
            '<details id="choice"><summary>Quantities</summary><div id="quantities"></div></details></div>',
            '<div id="panels"></div><p id="nothing">Nothing has been recorded yet.</p></section></main>',
            f"<footer><p>{BANDS}</p></footer>",
            "<noscript><p>This page needs JavaScript.</p></noscript></body></html>\n",
        ]
    )


BANDS = (
    "A rise or a fall is said where two places of a curve have bands that do not overlap. Bands, and each ±, are so "
    "wide that with 95 % probability nothing wrong is ever said of a run, of whichever quantity, however often one "
    "looks: what is said may be believed whenever it is read. A curve without a band has no error by which that could "
    "be done. Long curves are thinned: the least and the greatest value of every stretch are kept. "
    "Draw across a figure to enlarge a stretch; a double click shows all of it."
)
"""What the page's words and bands mean."""


def asset(name: str) -> bytes:
    """A file beside the page, one of :data:`ASSETS`."""
    return (resources.files("szilard.live") / "assets" / name).read_bytes()
