"""The audit of a trade-off: identities of chains that lag, what τ and updates do to Σ, and what a lag foretells."""

from __future__ import annotations

from szilard.studies.tradeoff.claims import advice, ideal, identities, integrity, paths, uncheckable
from szilard.studies.tradeoff.reading import TradeOffReading
from szilard.verdicts.finding import Finding

FAMILIES = (integrity, identities, ideal, paths, advice, uncheckable)
"""Each has ``findings(reading)``."""


def findings(reading: TradeOffReading) -> tuple[Finding, ...]:
    """The rows of the audit, family by family."""
    return tuple(row for family in FAMILIES for row in family.findings(reading))
