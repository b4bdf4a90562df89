"""What reversing the protocol cannot tell, and what would."""

from __future__ import annotations

from szilard.studies.reversal.reading import ReversalReading
from szilard.verdicts.finding import Finding, unchecked

CLAIMS = (
    ("no entropy production in Θ", "a path that is retraced comes without entropy production of the parameters",
     "paper Appendix A",
     "gradient ascent through reversed inputs reverses the protocol, not the transition kernel: the entropy production "
     "of Θ compares p(θ_t|θ_{t−1}) with p(θ_{t−1}|θ_t), which a system with explicit noise has (Eq. 27 by path) and "
     "literal SGD on finite data has not."),
    ("ideal reservoir", "Θ passes through equilibrium states, and adds nothing to the entropy production",
     "paper §6.1, Eq. 37",
     "it needs the distribution of the parameters over an ensemble at each step: hold a system of known distribution "
     "against the learning rate."),
)  # fmt: skip
"""Name, claim, source, and what it would take."""


def findings(reading: ReversalReading) -> tuple[Finding, ...]:
    """The rows of this family, the same for every record."""
    return tuple(unchecked(*claim) for claim in CLAIMS)
