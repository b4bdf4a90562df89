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
from szilard.studies.kits.parameters.statements import LAZY, RESERVOIR, Claim
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.verdicts.finding import Finding

__all__ = ["FAMILIES", "findings", "without"]

FAMILIES = (loop, whiteness, stationarity, temperatures, shape, equilibrium, force, work)
"""Each has ``findings(reading)``, of a record that holds bursts."""

CLAIMS = (
    (claims.LOOP,), (claims.WHITE, claims.COLOUR), (claims.STATIONARY,),
    (claims.ONE_TEMPERATURE, claims.YAIDA, claims.SETTLED), (claims.ISOTROPIC, claims.FINITE),
    (claims.CANONICAL, claims.BALANCE, claims.IDEAL), (claims.FORCE, claims.SIGNAL), (claims.PREDICTED,),
)  # fmt: skip
"""The claims that each family speaks of."""


def findings(reading: WatchedReading) -> tuple[Finding, ...]:
    """The rows of all families, or what it would take where the record holds no bursts."""
    if reading.bursts is None:
        return without()
    return (*(row for family, its in zip(FAMILIES, CLAIMS, strict=True) for row in _rows(family, its, reading)),
            LAZY.unchecked())  # fmt: skip


def _rows(family: ModuleType, its: tuple[Claim, ...], reading: WatchedReading) -> tuple[Finding, ...]:
    """The rows of a family; where the record is too small or odd for one of its statistics, that is said in place."""
    try:
        return tuple(family.findings(reading))
    except (RecordError, np.linalg.LinAlgError) as error:
        return tuple(claim.unchecked(f"The evidence is too small or too odd to judge: {error}") for claim in its)


def without() -> tuple[Finding, ...]:
    """The rows of a record that holds no reservoir: each says which design would tell."""
    return tuple(claim.unchecked() for claim in RESERVOIR)
