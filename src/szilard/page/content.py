"""What a page says of one record: the parts that single runs and ensembles fill in, each in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from szilard.page.style import Figure


@dataclass(frozen=True, slots=True)
class Card:
    """One number at a glance.

    Attributes:
        symbol: of the quantity; may be empty.
        words: its name.
        value: the number.
        rest: error and unit, or why there is no number.
    """

    symbol: str
    words: str
    value: str
    rest: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to know before trusting a number: ``good``, ``mind`` or ``bad``, and the sentence."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Content:
    """The parts of a page, in its order. All of it is plain text; the page makes it safe.

    Attributes:
        subtitle: what kind of record this is.
        attributes: the record's.
        remarks: at the head of the page.
        cards: the numbers at a glance.
        leading: the figure that stands before the words; None for none.
        paragraphs: what was seen, each with a word to lead in.
        numbers: a table for readers without the figures, as HTML.
        figures: the rest of them.
        python: lines that open the record; ``{directory}`` stands for where it lies.
        logarithmic: whether step axes are logarithmic to begin with.
    """

    subtitle: str
    attributes: Mapping[str, Any]
    remarks: list[Remark]
    cards: list[Card]
    leading: Figure | None
    paragraphs: list[tuple[str, str]]
    numbers: str
    figures: list[Figure]
    python: str
    logarithmic: bool = False
