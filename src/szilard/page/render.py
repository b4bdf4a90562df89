"""The page: one self-contained HTML file that asks the network for nothing."""

from __future__ import annotations

import base64
import hashlib
import os
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from szilard.page.cards import banner, cards
from szilard.page.content import Content
from szilard.page.provenance import provenance
from szilard.page.safe import embed, escape, prose
from szilard.page.style import Figure
from szilard.page.verdicts import verdicts
from szilard.verdicts.audit import Audit

PANEL_HEIGHT, PANEL_MORE = 300, 190
"""Pixels of a figure's first panel, and of each further one."""


def write(told: Content, audit: Audit, path: str | Path, record: str | Path | None = None) -> Path:
    """Write the report of a record and return its path. The file appears whole or not at all.

    Args:
        told: the parts of its page.
        audit: of the same record.
        path: the HTML file; its directory is made where missing.
        record: where the record lies; beside the page unless told otherwise.

    Raises:
        OSError: if the file cannot be written.
    """
    target = Path(path)
    # as the user wrote it, so that the page's lines work from the same place; an absolute path stays private
    place = target.parent if record is None else Path(record)
    text = render(told, audit, place.resolve().name if place.is_absolute() or place == Path() else place.as_posix())
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    partial.unlink(missing_ok=True)  # a link that lay there would be written through
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def render(told: Content, audit: Audit, directory: str = "record") -> str:
    """The page as text; ``directory`` is what its Python lines open."""
    name = str(told.attributes.get("name") or directory)
    scripts = [_plotly().replace("</script", "<\\/script"), _asset("page.js")]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_policy(scripts)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(name)} – szilard</title><style>{_asset('style.css')}</style></head><body>",
            '<a class="skip" href="#figures">Skip to the figures</a>',
            f"<header><h1>{escape(name)}</h1><p class=subtitle>{escape(told.subtitle)}</p>"
            f"{banner(told.remarks)}</header>",
            f'<main><section class="seen"><h2>What was seen</h2>{_seen(told)}{told.numbers}</section>',
            f'<section id="figures"><h2>Figures</h2>{_controls(told)}',
            f'<div class="grid">{"".join(map(_figure, told.figures))}</div></section>',
            f'<section id="audit"><h2>What held</h2>{verdicts(audit)}</section>' if audit.rows else "",
            f'<section id="record"><h2>The record</h2>{provenance(told, directory)}</section></main>',
            "<noscript><p>The figures need JavaScript; the numbers and the audit do not.</p></noscript>",
            *(f"<script>{script}</script>" for script in scripts),
            "</body></html>\n",
        ]
    )


def _seen(told: Content) -> str:
    """The numbers at a glance, the figure that leads, and what it all says."""
    leading = _figure(told.leading) if told.leading else ""
    words = "\n".join(f"<p><strong>{escape(lead)}.</strong> {prose(text)}</p>" for lead, text in told.paragraphs)
    return f"{cards(told.cards)}{leading}{words}"


def _policy(scripts: list[str]) -> str:
    """Only these very scripts may run, and nothing may be fetched."""
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    rest = "style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; script-src {allowed}; {rest}"


def _controls(told: Content) -> str:
    if not any(figure.along_steps for figure in told.figures):
        return ""
    place = "step 0 stands at their left end" if told.logarithmic else "step 0 has no place there"
    return (
        f'<p class="controls"><button type="button" id="step-axis" aria-pressed="{str(told.logarithmic).lower()}">'
        "Logarithmic steps</button> <span>The early training, where most happens, shows best on logarithmic step axes "
        f"({place}).</span></p>"
    )


def _figure(figure: Figure) -> str:
    if figure.html:
        return (
            f'<figure class="{"wide" if figure.wide else ""}"><h3 id="{figure.key}-title">{escape(figure.title)}</h3>'
            f"{figure.html}<figcaption>{prose(figure.caption)}</figcaption></figure>"
        )
    spec: dict[str, Any] = {"data": figure.data, "layout": figure.layout}
    if figure.narrow is not None:
        spec |= {"narrow": figure.narrow, "narrowHeight": figure.narrow_tall or _height(figure.narrow_panels)}
    if figure.frames:
        spec = {"frames": [{"data": frame["data"], "layout": frame["layout"]} for frame in figure.frames]}
    height = height_of(figure)
    return (
        f'<figure class="{"wide" if figure.wide else ""}"><h3 id="{figure.key}-title">{escape(figure.title)}</h3>'
        f'<div class="plot" id="{figure.key}" data-steps="{str(figure.along_steps).lower()}" '
        f'style="height:{height}px" role="img" aria-labelledby="{figure.key}-title" '
        f'aria-describedby="{figure.key}-caption"></div>{_slider(figure)}'
        f'<figcaption id="{figure.key}-caption">{prose(figure.caption)}</figcaption>'
        f'<script type="application/json" id="{figure.key}-data">{embed(spec)}</script></figure>'
    )


def height_of(figure: Figure) -> int:
    """Pixels of a figure where there is room."""
    return figure.tall or _height(figure.panels) + (60 if figure.wide and figure.panels == 1 else 0)


def _height(panels: int) -> int:
    return PANEL_HEIGHT + PANEL_MORE * (panels - 1)


def _slider(figure: Figure) -> str:
    if not figure.frames:
        return ""
    last = len(figure.frames) - 1
    labels = escape("|".join(str(frame["label"]) for frame in figure.frames))
    chosen = f'<output id="{figure.key}-chosen">{escape(figure.frames[last]["label"])}</output>'
    return (
        f'<p class="slider"><label>Up to {chosen} <input type="range" min="0" max="{last}" value="{last}" '
        f'data-for="{figure.key}" data-labels="{labels}"></label></p>'
    )


def _asset(name: str) -> str:
    return (resources.files("szilard.page") / "assets" / name).read_text(encoding="utf-8")


def _plotly() -> str:
    """plotly.js as its package carries it: found without loading the package, which takes longer than all of the page.

    Raises:
        ImportError: if plotly is not installed.
    """
    found = find_spec("plotly")
    if found is None or not found.submodule_search_locations:
        raise ImportError("the page needs plotly, which is not installed: pip install plotly.")
    return Path(found.submodule_search_locations[0], "package_data", "plotly.min.js").read_text(encoding="utf-8")
