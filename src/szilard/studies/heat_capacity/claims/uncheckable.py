"""What a heat capacity of the parameters cannot tell."""

from __future__ import annotations

from szilard.studies.heat_capacity.reading import HeatCapacityReading
from szilard.verdicts.finding import Finding, unchecked

CLAIMS = (
    ("capacity above that of X", "the parameters have a far higher heat capacity than the model they make",
     "paper §§4, 6.1",
     "the two are in different units: that of Θ is loss per loss-landscape temperature, X has none of its own (the "
     "reservoir's temperature is 1 in Eq. 22)."),
    ("canonical state", "the parameters settle into exp(−U_B/T)", "paper Eq. 36",
     "equipartition on average follows from stationarity alone (½⟨(θ − θ̄)·∇U⟩ = ½ d T): it is no evidence of "
     "equilibrium. One temperature in every direction would be."),
)  # fmt: skip
"""Name, claim, source, and what it would take."""


def findings(reading: HeatCapacityReading) -> tuple[Finding, ...]:
    """The rows of this family, the same for every record."""
    return tuple(unchecked(*claim) for claim in CLAIMS)
