"""What a trade-off of small machines cannot tell."""

from __future__ import annotations

from szilard.studies.tradeoff.reading import TradeOffReading
from szilard.verdicts.finding import Finding, unchecked

CLAIMS = (
    ("M-info equals L-info", "in ideal learning all that the parameters store was learned", "paper §5",
     "the entropy of the parameters is not known here; the run memorisation brackets M-info."),
    ("a Carnot bound", "the efficiency has an upper limit below 1, set by temperatures", "paper §5",
     "X has one temperature, 1, and no second reservoir: its efficiency is limited by time alone."),
)  # fmt: skip
"""Name, claim, source, and what it would take."""


def findings(reading: TradeOffReading) -> tuple[Finding, ...]:
    """The rows of this family, the same for every record."""
    return tuple(unchecked(*claim) for claim in CLAIMS)
