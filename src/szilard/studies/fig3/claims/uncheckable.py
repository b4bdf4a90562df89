"""Claims of the paper about the reservoir that need another design."""

from __future__ import annotations

from szilard.studies.fig3.reading import Fig3Reading
from szilard.studies.kits.parameters.statements import (
    BALANCE,
    CANONICAL,
    FINITE,
    IDEAL,
    ISOTROPIC,
    LAZY,
    SETTLED,
    YAIDA,
)
from szilard.verdicts.finding import Finding


def findings(reading: Fig3Reading) -> tuple[Finding, ...]:
    """The rows of this family, the same for every record."""
    return tuple(claim.unchecked() for claim in (ISOTROPIC, FINITE, YAIDA, SETTLED, CANONICAL, BALANCE, IDEAL, LAZY))
