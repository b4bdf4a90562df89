"""Where the record comes from, how to open it and how to cite it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from szilard.page.content import Content
from szilard.page.safe import escape

ORDER = (
    "name", "kind_of_run", "created", "status", "design", "clusters", "model", "probe", "optimizer", "trainer", "every",
    "every_chosen_by", "budget", "path_intervals", "samples_per_input", "forward_precision",
    "forward_flagged", "seed", "spec", "provenance", "szilard_version", "schema_version",
)  # fmt: skip
"""First these, then whatever else the record says."""

PAPER = (
    "Parsi, S. S. Stochastic Thermodynamics of Learning Parametric Probabilistic Models. "
    "Entropy 2024, 26, 112. https://doi.org/10.3390/e26020112"
)


def provenance(content: Content, directory: str) -> str:
    """A table of the record's attributes, the lines that open it, and what to cite."""
    rows = "".join(
        f'<tr><th scope="row">{escape(key.replace("_", " "))}</th><td>{_value(value)}</td></tr>'
        for key, value in _attributes(content.attributes)
    )
    version = content.attributes.get("szilard_version", "")
    code = content.python.replace("{directory}", repr(directory))
    return (
        f'<table class="provenance"><tbody>{rows}</tbody></table>'
        f"<h3>Open it in Python</h3><pre><code>{escape_lines(code)}</code></pre>"
        f"<h3>Cite it</h3><p>szilard {escape(version)}, an instrument for the stochastic thermodynamics of learning. "
        f"The theory is of {escape(PAPER)}</p>"
    )


def escape_lines(text: str) -> str:
    """Text as HTML with its line breaks kept."""
    return "\n".join(escape(line) for line in text.split("\n"))


def _attributes(attributes: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    known = [key for key in ORDER if attributes.get(key) is not None]
    others = sorted(key for key in attributes if key not in ORDER and attributes[key] is not None)
    for key in [*known, *others]:
        yield key, attributes[key]


def _value(value: Any) -> str:
    """A nested attribute in short, a deep one folded away, anything else as text."""
    if isinstance(value, dict):
        if any(isinstance(item, dict) for item in value.values()):
            text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
            return f"<details><summary>show</summary><pre>{escape_lines(text)}</pre></details>"
        parts = [f"{key}: {_short(item)}" for key, item in value.items() if item is not None]
        return " · ".join(escape(part) for part in parts)
    return escape(_short(value))


def _short(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
