"""The parameters as a heat reservoir: the paper's Sections 5 and 6 held against the record of a run, layer by layer.

Layers and bursts that a row looks at are judged together, so that all intervals hold at 95 % (Bonferroni).
"""

from __future__ import annotations

from types import ModuleType

import numpy as np

from szilard.errors import RecordError
from szilard.studies.kits.parameters import statements as claims
from szilard.studies.kits.parameters.claims import (
    equilibrium,
    force,
    loop,
    shape,
    stationarity,
    temperatures,
    whiteness,
    work,
)
from szilard.studies.kits.parameters.statements import LAZY, RESERVOIR
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding

__all__ = ["CLAIMS", "FAMILIES", "findings", "without"]

FAMILIES = {
    loop: (claims.LOOP,),
    whiteness: (claims.WHITE, claims.COLOUR),
    stationarity: (claims.STATIONARY,),
    temperatures: (claims.ONE_TEMPERATURE, claims.YAIDA, claims.SETTLED),
    shape: (claims.ISOTROPIC, claims.FINITE),
    equilibrium: (claims.CANONICAL, claims.BALANCE, claims.IDEAL),
    force: (claims.FORCE, claims.SIGNAL),
    work: (claims.PREDICTED,),
}
"""Each has ``findings(reading)``, of a record that holds bursts: a row for each of its claims."""

CLAIMS = (*RESERVOIR, claims.LOOP, claims.REGIMES, claims.PREDICTED)


def findings(reading: WatchedReading) -> tuple[Finding, ...]:
    """The rows of all families, or what it would take where the record holds no bursts."""
    if reading.bursts is None:
        return without()
    rows = (row for family, its in FAMILIES.items() for row in _rows(family, its, reading))
    return (*rows, LAZY.unchecked())


def _rows(family: ModuleType, its: tuple[Claim, ...], reading: WatchedReading) -> tuple[Finding, ...]:
    """The rows of a family; where the record is too small or odd for one of its statistics, that is said in place."""
    try:
        return tuple(family.findings(reading))
    except (RecordError, np.linalg.LinAlgError) as error:
        return tuple(claim.unchecked(f"The evidence is too small or too odd to judge: {error}") for claim in its)


def without() -> tuple[Finding, ...]:
    """The rows of a record that holds no reservoir: each says which design would tell."""
    return tuple(claim.unchecked() for claim in RESERVOIR)
