"""The audit of a heat capacity: stationarity, equipartition whole and by layer, and what width does to it."""

from __future__ import annotations

from szilard.studies.heat_capacity.claims import integrity, temperature, width
from szilard.studies.heat_capacity.reading import HeatCapacityReading
from szilard.verdicts.claim import Claim, claims_of
from szilard.verdicts.finding import Finding

FAMILIES = (integrity, temperature, width)
"""Each has ``findings(reading)``."""

UNCHECKABLE = (
    Claim("capacity above that of X", "the parameters have a far higher heat capacity than the model they make",
          "paper §§4, 6.1",
          "the two are in different units: that of Θ is loss per loss-landscape temperature, X has none of its own "
          "(the reservoir's temperature is 1 in Eq. 22)."),
    Claim("canonical state", "the parameters settle into exp(−U_B/T)", "paper Eq. 36",
          "equipartition on average follows from stationarity alone (½⟨(θ − θ̄)·∇U⟩ = ½ d T): it is no evidence of "
          "equilibrium. One temperature in every direction would be."),
)  # fmt: skip
"""What a heat capacity of the parameters cannot tell, and what would."""

CLAIMS = (*claims_of(*FAMILIES), *UNCHECKABLE)


def findings(reading: HeatCapacityReading) -> tuple[Finding, ...]:
    """The rows of all families, and of what no record tells."""
    rows = (row for family in FAMILIES for row in family.findings(reading))
    return (*rows, *(claim.unchecked() for claim in UNCHECKABLE))
