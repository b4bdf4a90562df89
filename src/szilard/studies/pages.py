"""The parts of a page that all studies fill in alike."""

from __future__ import annotations

from collections.abc import Sequence

from szilard.page.content import Card, Content, Remark
from szilard.page.style import Figure
from szilard.studies.reading import Reading
from szilard.studies.sentences import standing
from szilard.verdicts.audit import Audit

PYTHON = "import szilard\n\nrun = szilard.open({directory})\nrun.data\nrun.audit()"
"""Lines that open any record."""


def content_of(
    reading: Reading,
    audit: Audit,
    *,
    subtitle: str,
    leading: Figure | None,
    paragraphs: list[tuple[str, str]],
    covered: str = "",
    python: str = PYTHON,
    cards: Sequence[Card] = (),
    numbers: str = "",
    figures: Sequence[Figure] = (),
    remarks: Sequence[Remark] = (),
    logarithmic: bool = False,
) -> Content:
    """A page's parts; see :class:`~szilard.page.content.Content`.

    Args:
        reading: of the record.
        audit: of the same record.
        subtitle: what kind of record it is; the version of szilard is added.
        leading, paragraphs, cards, numbers, figures, logarithmic: as they are.
        covered: what a complete record holds, in words; its span unless that does not say it.
        python: lines that open the record.
        remarks: to be made beside those that any record may call for.
    """
    said = [Remark(kind, sentence) for kind, sentence in standing(reading.attributes)]
    if not audit.sound:
        said.append(Remark("bad", audit.verdict))
    said += remarks
    return Content(
        subtitle=f"{subtitle}, by szilard {reading.attributes.get('szilard_version', '')}",
        attributes=reading.attributes,
        remarks=said or [Remark("good", f"Complete record: {covered or reading.span()}.")],
        cards=list(cards),
        leading=leading,
        paragraphs=paragraphs,
        numbers=numbers,
        figures=list(figures),
        python=python,
        logarithmic=logarithmic,
    )
