"""The audit of a trade-off: identities of chains that lag, what τ and updates do to Σ, and what a lag foretells."""

from __future__ import annotations

from szilard.studies.tradeoff.claims import advice, ideal, integrity, paths
from szilard.studies.tradeoff.reading import TradeOffReading
from szilard.verdicts.claim import Claim, claims_of
from szilard.verdicts.finding import Finding

FAMILIES = (integrity, ideal, paths, advice)
"""Each has ``findings(reading)``."""

UNCHECKABLE = (
    Claim("M-info equals L-info", "in ideal learning all that the parameters store was learned", "paper §5",
          "the entropy of the parameters is not known here; the run memorisation brackets M-info."),
    Claim("a Carnot bound", "the efficiency has an upper limit below 1, set by temperatures", "paper §5",
          "X has one temperature, 1, and no second reservoir: its efficiency is limited by time alone."),
)  # fmt: skip
"""What a trade-off of small machines cannot tell, and what would."""

CLAIMS = (*claims_of(*FAMILIES), *UNCHECKABLE)


def findings(reading: TradeOffReading) -> tuple[Finding, ...]:
    """The rows of the audit, family by family."""
    rows = (row for family in FAMILIES for row in family.findings(reading))
    return (*rows, *(claim.unchecked() for claim in UNCHECKABLE))
