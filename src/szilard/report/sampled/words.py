"""What was seen, in plain words with numbers: the page's first paragraphs."""

from __future__ import annotations

from szilard.report.sampled.view import View


def what_was_seen(view: View) -> list[tuple[str, str]]:
    """Paragraphs of plain text, each with a word to lead in."""
    return []
