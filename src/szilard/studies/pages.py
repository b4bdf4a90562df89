"""The parts of a page that all studies fill in alike."""

from __future__ import annotations

from collections.abc import Sequence

from szilard.page.banner import standing
from szilard.page.content import Card, Content, Remark
from szilard.page.style import Figure
from szilard.studies.reading import Reading
from szilard.verdicts.audit import Audit


def content_of(
    reading: Reading,
    audit: Audit,
    *,
    subtitle: str,
    covered: str,
    cards: list[Card],
    leading: Figure | None,
    paragraphs: list[tuple[str, str]],
    numbers: str,
    figures: list[Figure],
    python: str,
    remarks: Sequence[Remark] = (),
    logarithmic: bool = False,
) -> Content:
    """A page's parts; see :class:`~szilard.page.content.Content`.

    Args:
        reading: of the record.
        audit: of the same record.
        subtitle: what kind of record it is; the version of szilard is added.
        covered: what a complete record holds, in words.
        cards, leading, paragraphs, numbers, figures, python, logarithmic: as they are.
        remarks: to be made beside those that any record may call for.
    """
    said = [*standing(reading.attributes, audit), *remarks]
    return Content(
        subtitle=f"{subtitle}, by szilard {reading.attributes.get('szilard_version', '')}",
        attributes=reading.attributes,
        remarks=said or [Remark("good", f"Complete record: {covered}.")],
        cards=cards,
        leading=leading,
        paragraphs=paragraphs,
        numbers=numbers,
        figures=figures,
        python=python,
        logarithmic=logarithmic,
    )
