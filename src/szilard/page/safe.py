"""Text and numbers on their way into a page: nothing that a record says may become markup or script."""

from __future__ import annotations

import html
import json
import math
import re
from typing import Any

import numpy as np

from szilard.printable import printable

_SYMBOL = re.compile(r"[^\s()&;]*\([^\s()&;]*\|[^\s()&;]*\)")
"""``S(X|Θ)`` and its like, which are not to be broken into lines."""

DIGITS = 6
"""Significant digits of a plotted number: finer than any screen."""


def escape(text: Any) -> str:
    """Text as HTML, quotes included; also right for Plotly's labels, which read a subset of HTML.

    Characters that no page should show (controls, such as those that turn the direction of writing) become spaces.

    Example:
        >>> escape('<b onclick="x">')
        '&lt;b onclick=&quot;x&quot;&gt;'
    """
    return html.escape(printable(text), quote=True)


def prose(text: Any) -> str:
    """Our own sentences as HTML: escaped, the root of the unit of length raised, numbers kept with their errors."""
    text = escape(text).replace("^½", "<sup>½</sup>")
    text = text.replace(" ± ", "\u00a0±\u00a0").replace(" %", "\u00a0%")
    return _SYMBOL.sub(r'<span class="whole">\g<0></span>', text)


def embed(value: Any) -> str:
    """A value as JSON that may stand inside ``<script>``: no ``<``, ``>``, ``&`` or line separator survives unescaped.

    Example:
        >>> embed({"a": "</script>", "b": [1.0, float("nan")]})
        '{"a":"\\\\u003c/script\\\\u003e","b":[1.0,null]}'
    """
    text = json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _plain(value: Any) -> Any:
    """Arrays as lists, numbers rounded, what is not finite as None."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value
