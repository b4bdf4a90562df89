"""Records in a screenful of plain text, and the sentences about ensembles that the page shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from szilard.kinds import ENSEMBLE
from szilard.summary.ensemble import summarise_ensemble
from szilard.summary.single import Findings, summarise

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["SUMMARIES", "Findings", "summarise", "summarise_ensemble"]

SUMMARIES: dict[str, Callable[[str, xr.DataTree, str], str]] = {ENSEMBLE: summarise_ensemble}
"""By kind of record, from its name, its tree and the verdict of its audit; a single run takes more: ``summarise``."""
