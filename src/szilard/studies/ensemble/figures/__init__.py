"""The figures of an ensemble: functions of a reading that give None where the record cannot fill them."""

from __future__ import annotations

from szilard.page.style import Figure
from szilard.studies.ensemble.figures import budget, estimators, ledger, members
from szilard.studies.ensemble.reading import EnsembleReading

LEADING = budget.budget
FIGURES = (
    members.stopping,
    estimators.brackets,
    members.training,
    estimators.effect,
    budget.crossed,
    ledger.entropies,
    estimators.routes,
    ledger.production,
    ledger.ledger,
    members.members,
    budget.quadratic,
    budget.blocks,
    ledger.m_info,
)
"""Beside the leading one; neighbours are of like height."""


def figures(reading: EnsembleReading) -> list[Figure]:
    """Those that the record can fill."""
    return [figure for each in FIGURES if (figure := each(reading)) is not None]
