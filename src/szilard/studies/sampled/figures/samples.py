"""What the model makes: its samples along the training, as pictures, as points, or as text to read."""

from __future__ import annotations

from szilard.page.safe import escape
from szilard.page.style import Figure
from szilard.studies.sampled.figures import points, strip
from szilard.studies.sampled.gallery import Gallery
from szilard.studies.sampled.reading import SampledReading

RECORDS = 9
LENGTH = 240
"""Characters shown of each but the last, which is shown whole."""


def figure(reading: SampledReading) -> Figure | None:
    """None without a gallery."""
    gallery = reading.gallery
    if gallery is None:
        return None
    if gallery.form == "image":
        return strip.figure(reading, gallery)
    if gallery.form == "points":
        return points.figure(reading, gallery)
    return _written(gallery)


def _written(gallery: Gallery) -> Figure:
    """One sample at some records, the last one whole; further ones of the last record folded away."""
    rows = gallery.rows(RECORDS)
    body = "".join(_line(f"step {gallery.steps[row]:,}", _shown(gallery, row, row == rows[-1])) for row in rows)
    last = rows[-1]
    more = "".join(
        _line(f"sample {number + 1}", gallery.text(last, number)) for number in range(1, gallery.samples.shape[1])
    )
    folded = (
        f"<details><summary>{gallery.samples.shape[1] - 1} more samples of the last record</summary>"
        f'<table class="reading"><tbody>{more}</tbody></table></details>'
        if more
        else ""
    )
    what = "Tokens" if gallery.form == "tokens" else "Text"
    return Figure(
        key="samples",
        title="What the model writes",
        caption=(
            f"{what} drawn from the model at some of its records, at temperature 1, from the same random numbers each "
            "time; nothing was picked. Line breaks are the model's; what is longer than was kept is cut off."
        ),
        data=[],
        layout={},
        along_steps=False,
        wide=True,
        html=f'<table class="reading"><tbody>{body}</tbody></table>{folded}',
    )


def _shown(gallery: Gallery, row: int, whole: bool) -> str:
    said = gallery.text(row, 0)
    return said if whole or len(said) <= LENGTH else said[:LENGTH] + "…"


def _line(head: str, said: str) -> str:
    return f'<tr><th scope="row">{escape(head)}</th><td>{_lines(said)}</td></tr>'


def _lines(said: str) -> str:
    """Line breaks kept; whatever else no page should show becomes a space."""
    return "\n".join(escape(each) for each in said.splitlines()) or "<em>(nothing)</em>"
