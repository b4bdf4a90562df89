"""Records in a screenful of plain text, and the sentences about ensembles that the page shares."""

from szilard.summary.ensemble import summarise_ensemble
from szilard.summary.single import Findings, summarise

__all__ = ["Findings", "summarise", "summarise_ensemble"]
