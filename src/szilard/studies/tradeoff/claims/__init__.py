"""The audit of a trade-off: identities of chains that lag, what τ and updates do to Σ, and what a lag foretells."""

from __future__ import annotations

from szilard.studies.tradeoff.claims import advice, beyond, ideal, identities, integrity, paths
from szilard.studies.tradeoff.reading import TradeOffReading
from szilard.verdicts.finding import Finding

FAMILIES = (integrity, identities, ideal, paths, advice, beyond)
"""Each has ``findings(evidence)``."""


def findings(reading: TradeOffReading) -> tuple[Finding, ...]:
    """The rows of all families."""
    evidence = reading.evidence
    return tuple(row for family in FAMILIES for row in family.findings(evidence))
