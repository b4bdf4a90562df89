"""The audit of a reversed training: the laws of the way back, laziness, and whether the one makes the other."""

from __future__ import annotations

from szilard.studies.reversal.claims import integrity, law, laziness, retracing
from szilard.studies.reversal.reading import ReversalReading
from szilard.verdicts.claim import Claim, claims_of
from szilard.verdicts.finding import Finding

FAMILIES = (integrity, retracing, laziness, law)
"""Each has ``findings(reading)``."""

UNCHECKABLE = (
    Claim("no entropy production in Θ", "a path that is retraced comes without entropy production of the parameters",
          "paper Appendix A",
          "gradient ascent through reversed inputs reverses the protocol, not the transition kernel: the entropy "
          "production of Θ compares p(θ_t|θ_{t−1}) with p(θ_{t−1}|θ_t), which a system with explicit noise has "
          "(Eq. 27 by path) and literal SGD on finite data has not."),
    Claim("ideal reservoir", "Θ passes through equilibrium states, and adds nothing to the entropy production",
          "paper §6.1, Eq. 37",
          "it needs the distribution of the parameters over an ensemble at each step: hold a system of known "
          "distribution against the learning rate."),
)  # fmt: skip
"""What reversing the protocol cannot tell, and what would."""

CLAIMS = (*claims_of(*FAMILIES), *UNCHECKABLE)


def findings(reading: ReversalReading) -> tuple[Finding, ...]:
    """The rows of the audit, family by family, and of what no record tells."""
    rows = (row for family in FAMILIES for row in family.findings(reading))
    return (*rows, *(claim.unchecked() for claim in UNCHECKABLE))
