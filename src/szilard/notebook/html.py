"""The frame of what a notebook shows: its style, scoped to itself, and the pieces that are put into it.

Colours are mixed with that of the text around, which is dark on light ground and light on dark: so that they can be
read on both, whatever the notebook calls its themes. All text goes through :func:`escape`.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

from szilard.printable import printable

STYLE = (
    ".szilard{--soft:color-mix(in srgb,currentColor 68%,transparent);--line:color-mix(in srgb,currentColor 20%,"
    "transparent);--good:color-mix(in srgb,#10a06c 72%,currentColor);--bad:color-mix(in srgb,#e0521a 76%,currentColor);"
    "--mind:color-mix(in srgb,#c58a00 70%,currentColor);font:14px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,"
    "sans-serif;max-width:980px;overflow-wrap:anywhere}"
    ".szilard .head{font-size:16px;font-weight:650;margin:2px 0}.szilard .soft,.szilard small{color:var(--soft)}"
    ".szilard small{font-size:12.5px}.szilard p{margin:4px 0}.szilard .good{color:var(--good)}"
    ".szilard .bad{color:var(--bad)}.szilard .mind{color:var(--mind)}.szilard .none{color:var(--soft)}"
    ".szilard .chip{font-size:12px;font-weight:500;border:1px solid;border-radius:9px;padding:0 8px;margin-left:6px;"
    "vertical-align:1px;white-space:nowrap}"
    ".szilard table{border-collapse:collapse;margin:6px 0;width:100%;border:0}"
    ".szilard th,.szilard td{text-align:left!important;vertical-align:top;padding:4px 14px 4px 0;border:0;"
    "border-bottom:1px solid var(--line);background:none!important;white-space:normal;max-width:none}"
    ".szilard thead th,.szilard tbody th{font-weight:600}.szilard .mark,.szilard .number{white-space:nowrap}"
    ".szilard .number{font-variant-numeric:tabular-nums}"
    ".szilard ul.cards{list-style:none;display:flex;flex-wrap:wrap;gap:8px;margin:8px 0;padding:0}"
    ".szilard ul.cards li{border:1px solid var(--line);border-radius:6px;padding:5px 12px;margin:0;font-size:12.5px}"
    ".szilard ul.cards strong{display:block;font-size:17px;font-weight:600;font-variant-numeric:tabular-nums;"
    "white-space:nowrap}.szilard .symbol,.szilard .words{color:var(--soft)}"
    ".szilard .banner{border-left:4px solid;padding:2px 10px;margin:6px 0}"
    ".szilard details{margin:4px 0}.szilard td details{margin:0}.szilard summary{cursor:pointer;color:var(--soft)}"
    ".szilard summary small{color:inherit}.szilard .number small{white-space:normal}"
    ".szilard code{font-size:12.5px;background:color-mix(in srgb,currentColor 8%,transparent);padding:1px 4px;"
    "border-radius:3px;color:inherit}.szilard .strip{image-rendering:pixelated;border-radius:3px;margin:4px 0;"
    "max-width:100%}.szilard .bar{height:7px;border-radius:4px;background:var(--line);overflow:hidden;margin:4px 0;"
    "max-width:520px}.szilard .bar div{height:100%;background:var(--good)}"
)
"""Of everything inside ``.szilard``, and of nothing else."""


def framed(*parts: str) -> str:
    """Pieces of HTML as one output, with their style."""
    return f'<div class="szilard"><style>{STYLE}</style>{"".join(parts)}</div>'


def escape(text: Any) -> str:
    """Text as HTML, quotes included, without characters that are not for reading.

    Example:
        >>> escape("<b>&")
        '&lt;b&gt;&amp;'
    """
    return html.escape(printable(text), quote=True)


def head(title: Any, chip: str = "", kind: str = "none", beside: Any = "") -> str:
    """What it is, with a word on how it is (``good``, ``mind``, ``bad`` or ``none``), and what stands beside."""
    word = f'<span class="chip {kind}">{escape(chip)}</span>' if chip else ""
    rest = f' <small class="soft">{escape(beside)}</small>' if beside else ""
    return f'<div class="head">{escape(title)}{word}{rest}</div>'


def pairs(rows: Iterable[tuple[str, Any]]) -> str:
    """A table of names and what they are; pairs without text are left out."""
    lines = "".join(
        f'<tr><th scope="row" class="mark soft">{escape(name)}</th><td>{escape(said)}</td></tr>'
        for name, said in rows
        if said not in ("", None)
    )
    return f"<table><tbody>{lines}</tbody></table>"


def table(columns: Sequence[str], rows: Sequence[str]) -> str:
    """A table of rows that are HTML already."""
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    return f"<table><thead><tr>{names}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def folded(summary: str, body: str) -> str:
    """A piece that opens when it is asked for."""
    return f"<details><summary>{escape(summary)}</summary>{body}</details>"


def calls(*code: str) -> str:
    """What to call next."""
    return "<p>" + " ".join(f"<code>{escape(each)}</code>" for each in code) + "</p>"
