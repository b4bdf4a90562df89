"""The head of a page: what a reader must know before trusting a number, and the record's few numbers at a glance."""

from __future__ import annotations

from szilard.numbers import apart
from szilard.page.content import Card, Remark
from szilard.page.safe import escape, prose

SYMBOLS = {"good": "✓", "mind": "!", "bad": "✗"}


def card(symbol: str, words: str, value: float, error: float, unit: str) -> Card:
    """A card of a value with its standard error and unit."""
    amount, spread = apart(value, error)
    return Card(symbol, words, amount, f"±\u00a0{spread} {unit}")


def cards(shown: list[Card]) -> str:
    """The cards as a list; empty text for none."""
    items = "".join(
        f'<li><span class="symbol">{escape(card.symbol)}</span> <span class="words">{escape(card.words)}</span>'
        f"<strong>{escape(card.value)}</strong> {prose(card.rest)}</li>"
        for card in shown
    )
    return f'<ul class="cards">{items}</ul>' if items else ""


def banner(remarks: list[Remark]) -> str:
    """One line for each remark."""
    return "\n".join(
        f'<p class="banner {each.kind}" role="status"><span aria-hidden="true">{SYMBOLS[each.kind]}</span> '
        f"{escape(each.text)}</p>"
        for each in remarks
    )
