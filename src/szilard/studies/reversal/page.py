"""The page of a reversed training: it opens with the way back, at every rate and from every start."""

from __future__ import annotations

import numpy as np

from szilard.numbers import number, percent, raised
from szilard.page.content import Card, Content
from szilard.page.numbers import table
from szilard.reservoir.replicates import exponent
from szilard.studies.pages import content_of
from szilard.studies.reversal.figures import LEADING, figures
from szilard.studies.reversal.reading import ReversalReading
from szilard.studies.reversal.words import OVERFLOWS, paragraphs
from szilard.verdicts.audit import Audit
from szilard.verdicts.bounds import LEVEL

PYTHON = (
    "import szilard\n\nrun = szilard.open({directory})\n"
    'run.tree["reversal"].distance        # by steps taken back, network, start, seed, rate and group\n'
    'run.tree["width"].kernel_change      # against width\nrun.audit()'
)


def content(reading: ReversalReading, audit: Audit) -> Content:
    """The parts of the page."""
    whole = reading.whole
    return content_of(
        reading,
        audit,
        subtitle="A training run backwards: reversed inputs, gradient ascent (paper Appendix A)",
        covered=f"{reading.span()}, over {reading.seeds} seeds",
        cards=_cards(reading) if whole else [],
        leading=LEADING(reading) if whole else None,
        paragraphs=paragraphs(reading, audit),
        numbers=_numbers(reading) if whole else "",
        figures=figures(reading, audit) if whole else [],
        python=PYTHON,
    )


def _cards(reading: ReversalReading) -> list[Card]:
    """The way back from each start, and the exponents in the width."""
    shown = []
    for start, missed in zip(reading.starts, reading.missed()[:, 0], strict=True):
        value = percent(missed) if missed < 1 else (f"{missed:.1f} ×" if missed < OVERFLOWS else "overflows")
        rest = f"of the way, after {reading.length} steps back at r = {reading.rates[0]:g}"
        shown.append(Card("", f"missed from step {start:,}", value.replace("%", "\u00a0%"), rest))
    wide = reading.width
    if wide is None:
        return shown
    for column, words in (("kernel_change", "kernel's change"), ("relative_step", "share of a step missed")):
        law = exponent(wide["width"].values.astype(float), wide[column].values[-1])
        low, high = law.interval(LEVEL)
        shown.append(
            Card("", f"{words} against width", f"width{raised(law.value)}", f"95 %: {number(low)} to {number(high)}")
        )
    return shown


def _numbers(reading: ReversalReading) -> str:
    """Medians over seeds: the share missed at the training's own rate, by steps taken back, from each start."""
    relative = np.median(reading.relative()[..., 0, 0], axis=2)  # (steps + 1, starts)
    finite = np.where(np.isfinite(relative), relative, np.nan)
    columns = [
        ((f"missed from step {start:,}", "share of the way"), finite[:, place], None)
        for place, start in enumerate(reading.starts)
    ]
    return table(reading.steps, columns)
