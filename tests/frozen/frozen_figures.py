"""What of a figure's JSON is drawn: without the order of keys, and without what Plotly does or leaves out by itself."""

from __future__ import annotations

import re
from typing import Any

ASSUMED: dict[str, Any] = {
    "xaxis": "x", "yaxis": "y", "xref": "x", "yref": "y", "xshift": 0, "yshift": 0, "opacity": 1, "symbol": "circle",
    "dash": "solid", "domain": [0, 1], "annotations": [], "shapes": [], "traceorder": "normal", "tickmode": "array",
    "text": None, "name": "", "bargap": 0, "scaleratio": 1,
    "showticklabels": True, "tickfont": {"size": 12},
}  # fmt: skip
"""What Plotly takes where a key is missing."""
MARGINS = "pages leave the same room around all figures"
WITHIN = "names at the ends of curves are kept apart within the panel as it is shown"
QUIET = "lines to compare with say nothing under the pointer"
CHANGES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "fig3": ((r'"l":70,"r":66,"t":10,', '"l":64,"r":66,"t":14,', MARGINS),),
    "single": tuple(
        (f'("y":){old}(,"yref":"y2?","yanchor":"middle")', rf"\g<1>{new}\2", WITHIN)
        for old, new in (
            ("0.324393", "0.306414"),
            ("0.362286", "0.380266"),
            ("-1.8853", "-1.74251"),
            ("-2.09675", "-2.0341"),
            ("0.200793", "0.199257"),
        )
    ),
    "sampled": ((r'"x":0\.04,"y":0\.97,"xanchor":"left"', '"x":0.02,"y":0.98,"xanchor":"left"', MARGINS),),
    "reversal": (
        (r'("name":"1/width"[^{]*\{[^}]*\},"marker":\{[^}]*\}),"hovertemplate":"%\{y:\.3g\}"', r"\1", QUIET),
        (r'("x":0\.99)5(,"xanchor":"right")', r"\1\2", MARGINS),
        (
            r'"y":1\.02,"yanchor":"bottom","font":\{"size":11\}',
            '"y":1.01,"yanchor":"bottom","font":{"size":12}',
            MARGINS,
        ),
        (r'"margin":\{"l":64,"r":20,"t":56,', '"margin":{"l":64,"r":16,"t":62,', MARGINS),
    ),
}
"""Differences of figures that are meant: by kind of record a pattern, what it is read as, and the reason."""
_SHOWN = re.compile(r"%\{(\w+)")
"""What stands under the pointer. How its numbers are written, and what stands around them, are meant to differ."""


def drawn(spec: Any) -> Any:
    """A figure as it is drawn."""
    if "frames" in spec:
        return {**spec, "frames": [drawn(each) for each in spec["frames"]]}
    legend = spec["layout"].get("showlegend", True)
    data = [_plain(_trace(each, legend)) for each in spec["data"]]
    if not legend:  # marks of different panels lie over nothing of one another
        data.sort(key=lambda each: each.get("yaxis", "y"))
    found = {**spec, "data": data}
    return found | {key: _plain(_layout(spec[key])) for key in ("layout", "narrow") if key in spec}


def _trace(trace: dict[str, Any], legend: bool) -> dict[str, Any]:
    """Without lines and markers that its mode does not draw, and what nothing shows."""
    mode, hover = trace.get("mode", ""), trace.get("hovertemplate", "")
    unused = {
        "line": trace["type"] == "scatter" and "lines" not in mode,
        "marker": trace["type"] == "scatter" and "markers" not in mode,
        "text": "text" not in mode and "%{text}" not in hover,
        "customdata": "customdata" not in hover,
        "showlegend": not legend or trace.get("showlegend") is True,
        "hovertemplate": trace.get("hoverinfo") == "skip",
        "hoverinfo": True,
        "error_y": not trace.get("error_y", {}).get("visible", True),
    }
    found = {key: value for key, value in trace.items() if not unused.get(key)}
    if "hovertemplate" in found:  # with an error or without: a band or a bar shows it too
        found["hovertemplate"] = [each for each in _SHOWN.findall(hover) if each != "customdata"]
        if " ± %{customdata" in hover:
            found.pop("customdata", None)
    if found.get("marker", {}).get("symbol") == "x-thin":  # nothing but its outline is drawn
        found["marker"] = {key: item for key, item in found["marker"].items() if key != "color"}
    for key in ("error_x", "error_y"):
        if key in found:  # bars look alike everywhere: one thickness, one cap
            bars = {each: item for each, item in found[key].items() if each not in ("thickness", "visible")}
            found[key] = {**bars, "width": bool(bars["width"])}
    return found


def _layout(layout: dict[str, Any]) -> dict[str, Any]:
    """Words and rules in one order, which no one sees; words stand at the height of their place."""
    places = layout.get("annotations", []) + layout.get("shapes", [])
    if "yaxis2" not in layout:  # then the page's height is the panel's
        places = [{**each, "yref": "y domain"} if each.get("yref") == "paper" else each for each in places]
    words = [{**each, "yanchor": each.get("yanchor", "middle")} for each in places if "text" in each]
    for each in words:  # what lies behind them is dimmed alike everywhere
        each |= {"bgcolor": "dimmed"} if "bgcolor" in each else {}
    words.sort(key=lambda each: (each["text"], each.get("xref", "x"), each.get("yref", "y")))
    rules = [each for each in places if "text" not in each]
    rules.sort(key=lambda each: [str(each.get(key)) for key in ("type", "xref", "yref")])
    found = {key: value for key, value in layout.items() if "axis" not in key}
    for key in layout.keys() - found.keys():  # logarithmic axes have their marks by one rule
        log = layout[key].get("type") == "log"
        unseen = {"dtick"} if log else set()
        if layout[key].get("mirror"):  # many small panels have axes like those of others
            unseen |= {"exponentformat", "tickcolor", "ticks", "zerolinecolor", "title"}
        if key.startswith("yaxis"):  # at the left edge, whatever x axis it is anchored to
            unseen |= {"anchor"}
        found[key] = {name: item for name, item in layout[key].items() if name not in unseen}
    return {**found, "annotations": words, "shapes": rules}


def _plain(value: Any) -> Any:
    """Keys sorted, without those that say what Plotly assumes."""
    if isinstance(value, list):
        return [_plain(each) for each in value] if any(isinstance(each, dict | list) for each in value) else value
    if not isinstance(value, dict):
        return value
    kept = {key: item for key, item in value.items() if key not in ASSUMED or item != ASSUMED[key]}
    return {key: _plain(item) for key, item in sorted(kept.items())}
