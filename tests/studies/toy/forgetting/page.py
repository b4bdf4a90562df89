"""The page: the answer and one figure."""

from forgetting.words import answer
from szilard.page.content import Content
from szilard.page.curve import Curve
from szilard.page.plot import Plot
from szilard.page.style import BLUE, Figure, Pen
from szilard.studies.pages import content_of
from szilard.studies.reading import Reading
from szilard.verdicts.audit import Audit


def content(reading: Reading, audit: Audit) -> Content:
    return content_of(
        reading, audit, subtitle="How trainings forget where they began", leading=figure(reading),
        paragraphs=[("The answer", answer(reading))],
    )  # fmt: skip


def figure(reading: Reading) -> Figure:
    plot, errors = Plot(), reading.column("distance_error")
    plot.panel("distance").line(Curve(reading.steps, reading.column("distance"), 2 * errors), "distance", Pen(BLUE))
    return plot.figure("distance", "Apart no more", "Distance from the mean of all trainings, with two errors.")
