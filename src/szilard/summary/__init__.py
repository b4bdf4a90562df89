"""Records in a screenful of plain text, and the sentences about ensembles that the page shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from szilard.audit import Audit
from szilard.kinds import ENSEMBLE, FIG3, HEAT_CAPACITY, REVERSAL, SAMPLED, TRADEOFF
from szilard.summary.ensemble import summarise_ensemble
from szilard.summary.fig3 import summarise_fig3
from szilard.summary.heat_capacity import summarise_heat_capacity
from szilard.summary.reversal import summarise_reversal
from szilard.summary.sampled import summarise_sampled
from szilard.summary.single import Findings, summarise
from szilard.summary.tradeoff import summarise_tradeoff

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
