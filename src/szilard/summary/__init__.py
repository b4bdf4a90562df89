"""Records in a screenful of plain text."""

from szilard.summary.single import Findings, summarise

__all__ = ["Findings", "summarise"]
