"""Records in a screenful of plain text, and the sentences about ensembles that the page shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from szilard.studies.ensemble.summary import summarise_ensemble
from szilard.studies.fig3.summary import summarise_fig3
from szilard.studies.heat_capacity.summary import summarise_heat_capacity
from szilard.studies.kinds import ENSEMBLE, FIG3, HEAT_CAPACITY, REVERSAL, SAMPLED, TRADEOFF
from szilard.studies.reversal.summary import summarise_reversal
from szilard.studies.sampled.summary import summarise_sampled
from szilard.studies.single.summary import Findings, summarise
from szilard.studies.tradeoff.summary import summarise_tradeoff
from szilard.verdicts.audit import Audit

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "SUMMARIES",
    "Findings",
    "summarise",
    "summarise_ensemble",
    "summarise_fig3",
    "summarise_heat_capacity",
    "summarise_reversal",
    "summarise_sampled",
    "summarise_tradeoff",
]


def _of_ensemble(name: str, tree: xr.DataTree, audit: Audit) -> str:
    return summarise_ensemble(name, tree, audit.verdict)


SUMMARIES: dict[str, Callable[[str, xr.DataTree, Audit], str]] = {
    ENSEMBLE: _of_ensemble,
    FIG3: summarise_fig3,
    REVERSAL: summarise_reversal,
    HEAT_CAPACITY: summarise_heat_capacity,
    SAMPLED: summarise_sampled,
    TRADEOFF: summarise_tradeoff,
}
"""By kind of record, from its name, its tree and its audit; a single run takes more: ``summarise``."""
