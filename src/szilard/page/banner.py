"""The status of the record, at the head of the page: what a reader must know before trusting a number."""

from __future__ import annotations

from szilard.page.content import Remark
from szilard.page.safe import escape

SYMBOLS = {"good": "✓", "mind": "!", "bad": "✗"}


def banner(remarks: list[Remark]) -> str:
    """One line for each remark."""
    return "\n".join(
        f'<p class="banner {each.kind}" role="status"><span aria-hidden="true">{SYMBOLS[each.kind]}</span> '
        f"{escape(each.text)}</p>"
        for each in remarks
    )
